"""Run pytest inside Blender, whose Python has no pytest.

    blender -b --factory-startup --python-exit-code 3 --python tests/support/run_in_blender.py -- tests/tar_blender

PYTEST_SITE is a folder to which `pip install --target` installed pytest, pytest-timeout and hypothesis.
"""

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

sys.path[:0] = [str(REPOSITORY), os.environ.get("PYTEST_SITE", "")]
os.chdir(REPOSITORY)

import pytest  # noqa: E402 -- needs the path above

arguments = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
# os._exit, because Blender would exit with another code.
code = pytest.main(arguments or ["tests/tar_blender"])
sys.stdout.flush()
os._exit(int(code))
