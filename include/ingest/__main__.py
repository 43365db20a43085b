"""`python -m include.ingest`: ingest hours from the command line."""

import sys

from include.ingest.command import INTERRUPTED, main

if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("Interrupted. Hours without a line above are as they were before.", file=sys.stderr)
        sys.exit(INTERRUPTED)
