"""Many processes that take jobs at one moment: ``python -m tests.core.catalog.claimers COUNT``.

Prints, as JSON, what each of them was given.
"""

from __future__ import annotations

import json
import os
import sys

from core.catalog import open_catalog
from core.workspace import open_workspace


def main() -> int:
    """Everything is imported once; each claimer is a fork that waits for all to be there."""
    results, starts = [], []
    for number in range(int(sys.argv[1])):
        (start, go), (told, tell) = os.pipe(), os.pipe()
        if os.fork() == 0:
            os.close(go)
            catalog = open_catalog(open_workspace())
            os.write(tell, b"ready\n")
            os.read(start, 1)
            taken = []
            while (job := catalog.jobs.claim("light", pid=number, host="h")) is not None:
                taken.append(job.id)
            os.write(tell, json.dumps(taken).encode())
            os._exit(0)
        os.close(tell)
        os.close(start)
        results.append(os.fdopen(told))
        starts.append(go)
    for result in results:
        result.readline()
    for go in starts:
        os.close(go)
    print(json.dumps([json.loads(result.read()) for result in results]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
