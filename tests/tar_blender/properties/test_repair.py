"""Repair of settings that a .blend file contains; for whole files see tests/tar_blender/test_hostile_file.py."""

import bpy
import pytest

from tar_blender.properties.repair import reset_invalid

pytestmark = pytest.mark.usefixtures("addon")


def test_valid_settings_are_kept() -> None:
    settings = bpy.context.scene.tar_settings
    settings.people, settings.smoothing, settings.start_frame = "count", 0.7, -20
    assert reset_invalid(settings) == []
    assert (settings.people, settings.start_frame) == ("count", -20)
