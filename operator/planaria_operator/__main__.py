"""`python -m planaria_operator`."""

import sys

from planaria_operator.cli import main

if __name__ == "__main__":
    sys.exit(main())
