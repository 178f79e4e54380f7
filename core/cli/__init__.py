"""The command line: arguments in; text, or with ``--json`` one JSON document, out.

Exit code 0; 2 for something that the person gave, with one sentence on standard error; 130 after
Ctrl-C; 141, without a word, when whoever reads what it prints has left (``… | head``); 1 for a
defect of ours, with the id of its traceback in the logs. Progress goes to standard error; what
libraries have to say goes to ``logs/libraries.log``, and is shown after a defect.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from core.catalog import open_catalog
from core.cli.command import Options
from core.cli.output import NobodyReads, Output, put
from core.cli.parser import parse
from core.cli.running import JobDefect
from core.errors import Cancelled, LightboxError
from core.workspace import log_defect, open_workspace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # What a console's encoding lacks is written out (\\u732b) rather than the end of a command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if arguments is None else arguments
    try:
        try:
            options = parse(words)
        except LightboxError as error:
            output = Output(json_wanted="--json" in words)
            put(str(error), output.err)
            output.refusal(error)
            return 2
        return _run(options, Output(json_wanted=options.json))
    except (NobodyReads, BrokenPipeError):
        return 141


def _run(options: Options, output: Output) -> int:
    def complain(what: object) -> None:
        output.end_line()
        put(str(what), output.err)

    def give_up(why: object) -> None:
        complain(why)
        output.refusal(why)

    try:
        if not options.command.opens:
            output.document(options.command.run(None, options, output))
            return 0
        workspace = open_workspace()
        with output.without_libraries(workspace.logs / "libraries.log") as aside:
            catalog = open_catalog(workspace)
            try:
                keeper = catalog.workspace.keeper
                with keeper.deferring(catalog.jobs, output.progress) if keeper else nullcontext():
                    document = options.command.run(catalog, options, output)
                output.document(document)
                return 0
            except (LightboxError, Cancelled, NobodyReads):
                raise
            except JobDefect as defect:
                give_up(defect)
            except Exception as error:
                from core.jobs.execute import defect_sentence

                give_up(defect_sentence(log_defect(error, workspace)))
            if said := aside.last():
                complain(f"What libraries said last:\n{said}")
            return 1
    except LightboxError as error:
        give_up(error)
        return 2
    except (KeyboardInterrupt, Cancelled) as stopped:
        give_up(str(stopped) or "Stopped.")
        return 130
