import sys

from planaria_cluster.cli import main

sys.exit(main())
