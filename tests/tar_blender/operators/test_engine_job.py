"""Jobs of the engine. Without a window, Blender waits for the engine instead of following it with a timer."""

import re
from pathlib import Path

import bpy
import pytest

from tar_blender.engine.paths import PYTHON_VARIABLE
from tar_blender.operators import draw_box, reimport
from tar_blender.operators.engine_job import HINTS
from tar_blender.panels.preferences import TARPreferences
from tar_blender.scene.metadata import clip_record, imported_clips
from tar_core.motion import MotionClip
from tests.support.clips import synthetic_clip

pytestmark = pytest.mark.usefixtures("addon")


def test_errors_of_the_engine_are_shown(engine_python: Path, tiny_video: Path) -> None:
    settings = bpy.context.scene.tar_settings
    settings.video, settings.people, settings.people_count = str(tiny_video), "count", 3
    with pytest.raises(RuntimeError, match="No person found"):
        bpy.ops.tar.import_video_motion()
    error = bpy.context.window_manager.tar_progress.error
    assert error == "no person found; give a box (set People to Box and press Draw Box)"
    assert not bpy.data.objects


def test_warnings_of_the_engine_are_shown(engine_python: Path, tiny_video: Path) -> None:
    bpy.context.scene.tar_settings.video = str(tiny_video)
    bpy.ops.tar.import_video_motion()
    notice = bpy.context.window_manager.tar_progress.notice
    assert "The camera moves (set Camera to As Animated)." in notice
    assert "The last 3 frames cannot be read." in notice


def test_hints_name_settings_and_preferences() -> None:
    labels = [draw_box.TAR_OT_draw_box.bl_label, reimport.TAR_OT_reimport_clip.bl_label.split()[0]]
    settings, preferences = bpy.context.scene.tar_settings.bl_rna, TARPreferences.bl_rna
    for prop in [*settings.properties, *preferences.properties]:
        labels += [prop.name, *(item.name for item in getattr(prop, "enum_items", ()))]
    named = [word for hint in HINTS.values() for word in re.findall(r"(?:[A-Z][\w-]+ ?)+", hint)]
    assert named and {word.strip() for word in named} <= set(labels)


def test_missing_engine_is_an_error(tiny_video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    bpy.context.scene.tar_settings.video = str(tiny_video)
    with pytest.raises(RuntimeError, match="Set Up Engine"):
        bpy.ops.tar.import_video_motion()


def test_captured_motion_is_kept_in_the_cache_without_clean_up(engine_python: Path, tiny_video: Path) -> None:
    settings = bpy.context.scene.tar_settings
    settings.video, settings.smoothing, settings.figure = str(tiny_video), 0.5, "armature"
    bpy.ops.tar.import_video_motion()
    (collection,) = imported_clips(bpy.context.scene)
    record = clip_record(collection)
    assert record.options["smoothing"] == 0.5 and record.options["figure"] == "armature"
    kept = MotionClip.load(record.motion).people[0]
    assert (kept.poses == synthetic_clip(people=2).people[0].poses).all()


def test_failed_import_leaves_the_cache_empty(engine_python: Path, tiny_video: Path, tmp_path: Path) -> None:
    settings = bpy.context.scene.tar_settings
    settings.video, settings.people, settings.people_count = str(tiny_video), "count", 3
    with pytest.raises(RuntimeError):
        bpy.ops.tar.import_video_motion()
    assert not (tmp_path / "cache").exists()


def test_unwritable_cache_is_a_warning(engine_python: Path, tiny_video: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in place of the folder")
    bpy.context.scene.tar_settings.video = str(tiny_video)
    assert bpy.ops.tar.import_video_motion() == {"FINISHED"}
    assert "choose another cache folder" in bpy.context.window_manager.tar_progress.notice
