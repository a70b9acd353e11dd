"""A new field of an options dataclass is a property in Blender, a command-line argument and a JSON key."""

import argparse
from dataclasses import dataclass

import bpy
import pytest

from tar_blender.properties.generated import preset_names, properties
from tar_blender.scene.options import ImportOptions
from tar_core.arguments import add_arguments, from_arguments
from tar_core.errors import TarError
from tar_core.option_fields import from_json, option, to_json


@dataclass(frozen=True)
class MoreOptions(ImportOptions):
    """The options of an import, and a new option."""

    sway: float = option(0.25, "Sway", "Lets the trunk sway by this share of the captured motion", minimum=0, maximum=1)


def test_a_new_option_is_a_command_line_argument() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser, MoreOptions)
    assert "--sway" in parser.format_help() and "Lets the trunk sway" in parser.format_help()
    assert from_arguments(MoreOptions, parser.parse_args([])).sway == 0.25
    assert from_arguments(MoreOptions, parser.parse_args(["--sway", "0.5"])).sway == 0.5
    with pytest.raises(SystemExit):
        parser.parse_args(["--sway", "2"])


def test_a_new_option_is_a_json_key() -> None:
    assert from_json(MoreOptions, {"sway": 1}) == MoreOptions(sway=1.0)
    assert to_json(MoreOptions(sway=0.5)) == {"sway": 0.5}
    with pytest.raises(TarError, match="sway must be from 0 to 1"):
        from_json(MoreOptions, {"sway": 7})


def test_a_new_option_is_a_property_in_blender() -> None:
    group = type("TAREveryOption", (bpy.types.PropertyGroup,), {"__annotations__": properties(MoreOptions)})
    bpy.utils.register_class(group)
    try:
        bpy.types.Scene.tar_every_option = bpy.props.PointerProperty(type=group)
        settings = bpy.context.scene.tar_every_option
        assert settings.sway == 0.25
        settings.sway = 7.0
        assert settings.sway == 1.0, "Blender limits values to the range"
        about = settings.bl_rna.properties["sway"]
        assert (about.name, about.subtype) == ("Sway", "FACTOR") and about.description.startswith("Lets the trunk sway")
    finally:
        del bpy.types.Scene.tar_every_option
        bpy.utils.unregister_class(group)


def test_a_new_option_is_in_presets() -> None:
    assert "sway" in preset_names(MoreOptions)
    assert "start_frame" not in preset_names(MoreOptions), "it depends on the video"


def test_defaults_agree_everywhere() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser, ImportOptions)
    assert from_arguments(ImportOptions, parser.parse_args([])) == from_json(ImportOptions, {}) == ImportOptions()
