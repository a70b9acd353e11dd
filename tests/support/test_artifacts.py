"""The tests that run inside every Blender."""

import importlib.util
import subprocess

import pytest

from tests.support.artifacts import TESTS
from tests.support.paths import PYTHON, REPOSITORY

# Packages that Blender's Python does not have.
COLLECT_WITHOUT_PACKAGES = """
import sys
for name in ("torch", "cv2", "scipy", "av", "safetensors"):
    sys.modules[name] = None
import pytest
sys.exit(pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


def test_tests_that_run_inside_blender_exist() -> None:
    assert all(path.exists() for path in TESTS)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("bpy") is None, reason="the collected tests need bpy")
def test_tests_that_run_inside_blender_import_no_torch() -> None:
    command = [PYTHON, "-c", COLLECT_WITHOUT_PACKAGES, *TESTS]
    collected = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert collected.returncode == 0, collected.stdout + collected.stderr
