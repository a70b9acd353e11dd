"""`python -m tar_core.engine`: the engine process."""

import sys

from tar_core.engine.server import main

if __name__ == "__main__":
    sys.exit(main())
