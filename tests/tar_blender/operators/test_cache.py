"""The operator that clears the cache."""

from pathlib import Path

import bpy

from tar_blender.engine.cache import keep_motion
from tar_blender.engine.paths import cache_folder
from tar_blender.panels.preferences import TARPreferences


def test_cache_is_cleared_if_it_is_not_empty(preferences: TARPreferences, tmp_path: Path) -> None:
    preferences.cache_folder = str(tmp_path)
    assert cache_folder(bpy.context) == tmp_path
    assert not bpy.ops.tar.clear_cache.poll()
    keep_motion(b"walking", Path("walk.mp4"), tmp_path)
    assert bpy.ops.tar.clear_cache() == {"FINISHED"}
    assert not list(tmp_path.iterdir())
