"""`python -m planaria_observability COMMAND`: see `--help`."""

import sys

from planaria_observability.cli import main

if __name__ == "__main__":
    sys.exit(main())
