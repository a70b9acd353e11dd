"""Paths that tests use: folders of the checkout, and a Python."""

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "tests" / "data"
CACHE = REPOSITORY / ".cache"
# Training data beside the checkout, not part of the repository; tests that need it are skipped without it.
SHARED = REPOSITORY.parent / "shared"


# Inside Blender, sys.executable may be Blender itself.
PYTHON = Path(sys.executable) if "python" in Path(sys.executable).name else Path("/usr/bin/python3")
