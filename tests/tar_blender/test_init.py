"""Registration of the add-on, and the tooltips of its operators and settings."""

import importlib.util
from types import ModuleType

import bpy
import pytest

import tar_blender
from tar_blender.panels.preferences import TARPreferences
from tar_blender.properties.retarget import TARBone

BLENDERS_OWN = ("rna_type", "name", "bl_idname")  # properties that Blender adds


def test_unregister_removes_everything() -> None:
    for _ in range(2):
        tar_blender.register()
        assert bpy.types.TAR_PT_sidebar.bl_category == "TAR"
        assert hasattr(bpy.types.Scene, "tar_settings")
        tar_blender.unregister()
        assert not hasattr(bpy.types, "TAR_PT_sidebar")
        assert not hasattr(bpy.types.Scene, "tar_settings")
        assert not hasattr(bpy.types.WindowManager, "tar_progress")


def test_missing_tar_core_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(name: str) -> ModuleType | None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", find_nothing)
    with pytest.raises(RuntimeError, match="install the zip"):
        tar_blender.register()


@pytest.fixture
def tooltips(addon: None) -> dict[str, str]:
    """The tooltips of all operators, settings and items of enumerations, by name."""
    groups = {name: getattr(bpy.ops.tar, name).get_rna_type() for name in dir(bpy.ops.tar)}
    found = {name: operator.description for name, operator in groups.items()}
    groups |= {"settings": bpy.context.scene.tar_settings.bl_rna, "retarget": bpy.context.scene.tar_retarget.bl_rna}
    groups |= {"bone": TARBone.bl_rna, "preferences": TARPreferences.bl_rna}
    assert len(groups) > 10
    for name, group in groups.items():
        for prop in group.properties:
            if prop.is_hidden or prop.identifier in BLENDERS_OWN or prop.type == "COLLECTION":
                continue
            found[f"{name}.{prop.identifier}"] = prop.description
            for item in prop.enum_items if prop.type == "ENUM" else ():
                found[f"{name}.{prop.identifier}: {item.name}"] = item.description
    return found


def test_everything_has_a_tooltip_without_a_final_period(tooltips: dict[str, str]) -> None:
    assert [name for name, text in tooltips.items() if not text or text.endswith(".")] == []


def test_tooltips_start_with_a_capital(tooltips: dict[str, str]) -> None:
    assert [name for name, text in tooltips.items() if not text[0].isupper()] == []
