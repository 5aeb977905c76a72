import sys

from planaria_scenarios.cli import main

sys.exit(main())
