"""The documentation names settings and options that exist."""

import argparse
import re

import bpy
import pytest

from tar_blender.headless.arguments import build_parser as headless_parser
from tar_blender.panels.preferences import TARPreferences
from tar_core.cli import build_parser as core_parser
from tests.support.paths import REPOSITORY

GUIDES = ("settings", "export_and_batch", "cleanup_and_floor", "first_import", "troubleshooting")


def flags_of(parser: argparse.ArgumentParser) -> set[str]:
    """All flags of a parser and its commands."""
    flags = {flag for action in parser._actions for flag in action.option_strings}
    commands = [action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return flags.union(*(flags_of(command) for choices in commands for command in choices.values()))


@pytest.mark.parametrize("guide", GUIDES)
def test_documented_options_exist(guide: str) -> None:
    text = (REPOSITORY / "docs" / f"{guide}.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(--[a-z-]+)", text)) - {"--help"}
    assert documented <= flags_of(headless_parser()) | flags_of(core_parser())


def test_all_options_of_the_settings_are_documented() -> None:
    text = "".join((REPOSITORY / "docs" / f"{guide}.md").read_text(encoding="utf-8") for guide in GUIDES)
    flags = {flag.replace("--no-", "--") for flag in flags_of(headless_parser()) if flag.startswith("--")}
    missing = {flag for flag in flags if not re.search(rf"`{flag}\b|`{flag.replace('--', '--no-', 1)}\b", text)}
    assert missing <= {"--output"}  # documented as -o


def test_documented_settings_exist(addon: None) -> None:
    text = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    cells = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    documented = {
        label
        for cell in cells
        for label in cell.split(", ")
        if not cell.startswith(("-", "preset")) and cell not in ("sidebar", "preference")
    }
    detected = bpy.context.window_manager.tar_detected.bl_rna
    dialog = bpy.ops.tar.record_video.get_rna_type()
    groups = [bpy.context.scene.tar_settings.bl_rna, detected, TARPreferences.bl_rna, dialog]
    labels = {prop.name for group in groups for prop in group.properties}
    labels |= {getattr(bpy.ops.tar, name).get_rna_type().name for name in dir(bpy.ops.tar)}
    assert len(documented) > 20 and documented <= labels
