"""Imports, versions and pinned dependencies of the package."""

import subprocess
import sys
import tomllib

import pytest

import tar_core
from tests.support.paths import REPOSITORY


def test_imports_for_blender_do_not_import_torch() -> None:
    """Blender has no torch, and importing it takes seconds."""
    heavy = ("torch", "cv2", "scipy", "smplx")
    modules = (
        "tar_core.motion, tar_core.body.data, tar_core.filters, tar_core.camera.trajectory, tar_core.capture.progress"
    )
    code = f"import sys, {modules}; print([m for m in {heavy} if m in sys.modules])"
    finished = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"


def test_extension_and_package_have_the_same_version() -> None:
    manifest = REPOSITORY / "blender_manifest.toml"
    assert tomllib.loads(manifest.read_text())["version"] == tar_core.__version__


def test_pytest_does_not_import_the_entry_point_of_the_extension() -> None:
    """The __init__.py in the root folder is the entry point of the Blender extension, not a package for tests."""
    entry = REPOSITORY / "__init__.py"
    assert all(getattr(module, "__file__", None) != str(entry) for module in list(sys.modules.values()))


@pytest.mark.parametrize("requirement", ["torch", "numpy", "opencv-python-headless", "scipy", "av", "safetensors"])
def test_every_dependency_is_pinned_for_tests(requirement: str) -> None:
    pins = (REPOSITORY / "requirements" / "test.txt").read_text().splitlines()
    assert sum(line.startswith(f"{requirement}==") for line in pins) == 1
