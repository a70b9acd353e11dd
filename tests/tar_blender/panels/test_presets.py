"""Presets of the add-on and of the user."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import tar_blender
from tar_blender.panels.presets import FOLDER, PRESET_SETTINGS, SETTINGS, TAR_OT_add_preset
from tar_blender.properties.lens import LensSettings
from tar_blender.properties.settings import CaptureSettings, SceneSettings, TARSettings

SHIPPED = sorted((Path(tar_blender.__file__).parent / "presets" / FOLDER).glob("*.py"))
VIDEO_SETTINGS = {"video", "views", "frames", "first_frame", "last_frame", "start_frame"}
VIDEO_SETTINGS |= {"box_frame", "box_left", "box_top", "box_right", "box_bottom"}


@pytest.fixture(autouse=True)
def registered(empty_scene: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BLENDER_USER_SCRIPTS", str(tmp_path))
    tar_blender.register()
    yield
    tar_blender.unregister()


def apply_preset(path: Path) -> None:
    bpy.ops.script.execute_preset(filepath=str(path), menu_idname="TAR_PT_presets")


def test_presets_contain_all_settings_except_those_of_a_video() -> None:
    names = {
        name for cls in (LensSettings, CaptureSettings, SceneSettings, TARSettings) for name in cls.__annotations__
    }
    assert set(PRESET_SETTINGS) == names - VIDEO_SETTINGS


def test_presets_of_the_add_on_are_found() -> None:
    (folder,) = (Path(path) for path in bpy.utils.preset_paths(FOLDER))
    assert sorted(folder.glob("*.py")) == SHIPPED and len(SHIPPED) == 3


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_preset_of_the_add_on_sets_its_values(path: Path) -> None:
    settings = bpy.context.scene.tar_settings
    settings.smoothing, settings.foot_locking, settings.on_ground = 0.77, 0.5, False
    apply_preset(path)
    lines = [line.partition(" = ") for line in path.read_text().splitlines() if line.startswith(SETTINGS)]
    assert lines
    for name, _, value in lines:
        assert getattr(settings, name.removeprefix(f"{SETTINGS}.")) == pytest.approx(eval(value)), name


def test_settings_of_presets_exist() -> None:
    for value in TAR_OT_add_preset.preset_values:
        assert hasattr(bpy.context.scene.tar_settings, value.removeprefix(f"{SETTINGS}."))


def test_saved_preset_can_be_applied(tmp_path: Path) -> None:
    settings = bpy.context.scene.tar_settings
    settings.smoothing, settings.people, settings.lens = 0.625, "largest", 85
    assert bpy.ops.tar.add_preset(name="Mine") == {"FINISHED"}
    (file,) = Path(bpy.utils.user_resource("SCRIPTS")).rglob(f"presets/{FOLDER}/*.py")
    settings.smoothing, settings.people, settings.lens = 0, "all", 35
    apply_preset(file)
    assert (settings.smoothing, settings.people, settings.lens) == (0.625, "largest", 85)
    file.unlink()
