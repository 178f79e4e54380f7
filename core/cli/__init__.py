"""The command line: arguments in; text, or with ``--json`` one JSON document, out.

Exit code 0; 2 for something that the person gave, with one sentence on standard error; 130 after
Ctrl-C; 1 for a defect of ours, with the id of its traceback in the logs. Progress goes to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from core.catalog import open_catalog
from core.cli.output import Output
from core.cli.parser import make_parser
from core.cli.running import JobDefect
from core.errors import Cancelled, LightboxError
from core.workspace import open_workspace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = make_parser().parse_args(arguments)
    output = Output(json_wanted=options.json)
    try:
        catalog = open_catalog(open_workspace())
        try:
            output.document(options.command(catalog, options, output))
        except (LightboxError, Cancelled):
            raise
        except JobDefect as defect:
            output.end_line()
            print(defect, file=sys.stderr)
            return 1
        except Exception:
            from core.jobs.execute import defect_sentence, log_defect

            output.end_line()
            print(defect_sentence(log_defect(catalog)), file=sys.stderr)
            return 1
    except LightboxError as error:
        output.end_line()
        print(error, file=sys.stderr)
        return 2
    except (KeyboardInterrupt, Cancelled):
        output.end_line()
        print("Stopped.", file=sys.stderr)
        return 130
    return 0
