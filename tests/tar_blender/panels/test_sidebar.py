"""Registration of the add-on, and its operators and settings. Windows are tested by tests/support/window.py."""

import importlib.util
from types import ModuleType

import bpy
import pytest

import tar_blender
from tar_blender.panels.preferences import TARPreferences
from tar_blender.properties.retarget import TARBone

NOT_OURS = ("rna_type", "name", "bl_idname")  # properties that Blender adds


def test_add_on_registers_and_leaves_nothing_behind() -> None:
    for _ in range(2):
        tar_blender.register()
        assert bpy.types.TAR_PT_sidebar.bl_category == "TAR"
        assert hasattr(bpy.types.Scene, "tar_settings")
        tar_blender.unregister()
        assert not hasattr(bpy.types, "TAR_PT_sidebar")
        assert not hasattr(bpy.types.Scene, "tar_settings")
        assert not hasattr(bpy.types.WindowManager, "tar_progress")


def test_missing_tar_core_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(name: str) -> ModuleType | None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", find_nothing)
    with pytest.raises(RuntimeError, match="install the zip"):
        tar_blender.register()


def test_every_button_and_setting_has_a_tooltip() -> None:
    tar_blender.register()
    groups = {name: getattr(bpy.ops.tar, name).get_rna_type() for name in dir(bpy.ops.tar)}
    missing = [name for name, operator in groups.items() if not operator.description]
    groups |= {"settings": bpy.context.scene.tar_settings.bl_rna, "retarget": bpy.context.scene.tar_retarget.bl_rna}
    groups |= {"bone": TARBone.bl_rna, "preferences": TARPreferences.bl_rna}
    for name, group in groups.items():
        shown = [prop for prop in group.properties if not prop.is_hidden and prop.identifier not in NOT_OURS]
        missing += [f"{name}.{prop.identifier}" for prop in shown if not prop.description and prop.type != "COLLECTION"]
        choices = [(prop.identifier, item) for prop in shown if prop.type == "ENUM" for item in prop.enum_items]
        missing += [f"{name}.{prop}: {item.name}" for prop, item in choices if not item.description]
    tar_blender.unregister()
    assert len(groups) > 10 and not missing
