import sys

from planaria_kubectl.main import main

if __name__ == "__main__":
    sys.exit(main())
