"""The zip holds what Blender needs and nothing else of the repository."""

import importlib.util
import tomllib
import zipfile
from pathlib import Path

import pytest

from tar_core.errors import TarError
from tools import build_extension

needs_bpy = pytest.mark.skipif(importlib.util.find_spec("bpy") is None, reason="bpy builds the extension")


@needs_bpy
def test_zip_holds_the_add_on_and_the_wheel(tmp_path: Path) -> None:
    with zipfile.ZipFile(build_extension.build_extension(tmp_path)) as extension:
        names = set(extension.namelist())
        manifest = tomllib.loads(extension.read("blender_manifest.toml").decode())
        (wheel_name,) = (name for name in names if name.endswith(".whl"))
        with extension.open(wheel_name) as file, zipfile.ZipFile(file) as wheel:
            carried = set(wheel.namelist())
    assert f"./{wheel_name}" in manifest["wheels"]
    folders = {name.split("/")[0] for name in names if "/" in name}
    assert folders == {"tar_blender", "wheels"}
    assert {"__init__.py", "COPYING", "tar_blender/panel.py"} <= names
    assert {"tar_core/motion.py", "tar_core/assets/free_body.npz"} <= carried
    assert not any(name.startswith(("tests/", "tools/", "tar_blender/")) for name in carried)


@needs_bpy
def test_wheel_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def build_another(command: list[str]) -> None:
        (tmp_path / "tar_core-9.9.9-py3-none-any.whl").touch()

    monkeypatch.setattr(build_extension, "_run", build_another)
    with pytest.raises(TarError, match=r"pip built tar_core-9\.9\.9"):
        build_extension.build_wheel(tmp_path / "tar_core-0.1.0-py3-none-any.whl")


def test_failed_step_is_told() -> None:
    with pytest.raises(TarError, match="exit code 3"):
        build_extension._run(["sh", "-c", "exit 3"])
