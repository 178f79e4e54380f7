"""``python -m core …``: everything the pages do, without a browser."""

import sys

from core.lasting import lasting

try:
    with lasting():
        from core.cli import main
    if __name__ == "__main__":
        sys.exit(main())
except KeyboardInterrupt:
    # Before there was a command, or once it had ended.
    sys.stderr.write("Stopped.\n")
    sys.exit(130)
