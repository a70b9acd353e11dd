"""What the package promises before any of it runs."""

import subprocess
import sys
import tomllib

import pytest

import tar_core
from tests.support.paths import REPOSITORY


def test_import_brings_no_torch() -> None:
    """Blender imports tar_core for the motion file alone; torch would cost seconds and is not there."""
    heavy = ("torch", "cv2", "scipy", "smplx")
    code = f"import sys, tar_core, tar_core.motion, tar_core.body.data; print([m for m in {heavy} if m in sys.modules])"
    finished = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"


def test_extension_and_package_carry_the_same_version() -> None:
    manifest = REPOSITORY / "blender_manifest.toml"
    assert tomllib.loads(manifest.read_text())["version"] == tar_core.__version__


def test_pytest_leaves_the_extension_entry_alone() -> None:
    """The root's __init__.py is the Blender extension's entry; running tests must not import it as a package."""
    entry = REPOSITORY / "__init__.py"
    assert all(getattr(module, "__file__", None) != str(entry) for module in list(sys.modules.values()))


@pytest.mark.parametrize("requirement", ["torch", "numpy", "opencv-python-headless", "scipy", "safetensors", "tqdm"])
def test_every_dependency_is_pinned_for_tests(requirement: str) -> None:
    pins = (REPOSITORY / "requirements" / "test.txt").read_text().splitlines()
    assert sum(line.startswith(f"{requirement}==") for line in pins) == 1
