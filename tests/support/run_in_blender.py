"""Runs pytest inside a real Blender, which has no pytest of its own.

    blender -b --factory-startup --python-exit-code 3 --python tests/support/run_in_blender.py -- tests/tar_blender

PYTEST_SITE names a folder in which `pip install --target` put pytest, pytest-timeout and hypothesis.
"""

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

sys.path[:0] = [str(REPOSITORY), os.environ.get("PYTEST_SITE", "")]
os.chdir(REPOSITORY)

import pytest  # noqa: E402 -- found by what stands above

arguments = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
# Blender would turn the exit code into its own.
code = pytest.main(arguments or ["tests/tar_blender"])
sys.stdout.flush()
os._exit(int(code))
