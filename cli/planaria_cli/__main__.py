import sys

from planaria_cli.main import main

sys.exit(main())
