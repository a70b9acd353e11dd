"""`python -m tar_core`."""

import sys

from tar_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
