"""A program that keeps workers, as the web process does: ``python -m tests.core.jobs.owner LANE
…``.

It prints a line with the workers' process ids whenever they change, and ends with its input.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import cast

from core.catalog.records import Lane
from core.jobs.supervisor import ensure_running
from core.workspace import open_workspace
from tests.core.jobs import tiny


def main(lanes: tuple[Lane, ...]) -> None:
    supervisor = ensure_running(open_workspace(), (tiny.MODULE,), lanes)
    ended = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    said: dict[Lane, int] | None = None
    while not ended.wait(0.05):
        if supervisor.pids != said:
            said = supervisor.pids
            print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(cast("tuple[Lane, ...]", tuple(sys.argv[1:])))
