"""The command line: arguments in; text, or with ``--json`` one JSON document, out.

Exit code 0; 2 for something that the person gave, with one sentence on standard error; 130 after
Ctrl-C; 141, without a word, when whoever reads what it prints has left (``… | head``); 1 for a
defect of ours, with the id of its traceback in the logs. Progress goes to standard error; what
libraries have to say goes to ``logs/libraries.log``, and is shown after a defect.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

from core.catalog import open_catalog
from core.cli.command import Options
from core.cli.output import NobodyReads, Output, put
from core.cli.parser import parse
from core.cli.running import JobDefect
from core.defects import log_defect
from core.errors import Cancelled, InvalidInput, LightboxError, NotAllowed
from core.workspace import open_workspace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # What a console's encoding lacks is written out (\\u732b) rather than the end of a command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["--json"]:
        # As other programs take it, too, before what to do.
        words = [*words[1:], "--json"]
    try:
        try:
            options = parse(words)
        except LightboxError as error:
            output = Output(json_wanted="--json" in words)
            put(str(error), output.err)
            output.refusal(error)
            return 2
        return _run(options, words, Output(json_wanted=options.json))
    except (NobodyReads, BrokenPipeError):
        return 141


@contextmanager
def _paths_of(words: Sequence[str]) -> Iterator[None]:
    """Within it, that the system won't even look at a path that was given is a sentence about it.

    Raises:
        InvalidInput, NotAllowed: it is too long, or lies where Lightbox may not look.
    """
    try:
        yield
    except OSError as error:
        if str(error.filename) not in map(os.path.expanduser, words):
            raise
        if error.errno == errno.ENAMETOOLONG:
            raise InvalidInput(
                "This name is longer than a file's can be.",
                file=error.filename,
                remedy="Check how it is written.",
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise NotAllowed(
                "Lightbox may not look there.", file=error.filename, remedy="Give it the right to."
            ) from error
        raise


def _run(options: Options, words: Sequence[str], output: Output) -> int:
    def complain(what: object) -> None:
        output.end_line()
        put(str(what), output.err)

    def give_up(why: object) -> None:
        complain(why)
        output.refusal(why)

    try:
        if not options.command.opens:
            with _paths_of(words):
                document = options.command.run(None, options, output)
            output.document(document)
            return 0
        workspace = open_workspace()
        with output.without_libraries(workspace.logs / "libraries.log") as aside:
            catalog = open_catalog(workspace)
            try:
                keeper = catalog.workspace.keeper
                deferring = keeper and keeper.deferring(catalog.jobs, output.progress)
                with deferring or nullcontext(), _paths_of(words):
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
