"""Markers that switch between the cameras of the shots."""

from pathlib import Path

import bpy
import pytest

from tar_blender.scene.build import ImportedClip, import_steps
from tar_blender.scene.markers import go_to_shot
from tar_blender.scene.removal import delete_clip
from tar_blender.util.incremental import finish
from tests.support.clips import clips_of_shots
from tests.support.import_options import raw_options


def import_shots(**options: object) -> list[ImportedClip]:
    return finish(import_steps(clips_of_shots(), bpy.context, raw_options(show_video=False, **options)))


def markers() -> list[tuple[str, int, str | None]]:
    found = [(m.name, m.frame, m.camera and m.camera.name) for m in bpy.context.scene.timeline_markers]
    return sorted(found, key=lambda marker: marker[1])


def test_active_camera_switches_at_the_cut() -> None:
    first, second = import_shots(start_frame=101)
    scene = bpy.context.scene
    assert markers() == [("Shot 1", 101, "TAR Camera Shot 1"), ("Shot 2", 131, "TAR Camera Shot 2")]
    assert (scene.frame_start, scene.frame_end, scene.frame_current) == (101, 160, 101)
    assert second.camera.data.lens == pytest.approx(2 * first.camera.data.lens)
    for frame, imported, other in ((101, first, second), (130, first, second), (131, second, first)):
        scene.frame_set(frame)
        assert scene.camera == imported.camera
        assert not imported.people[0].armature.hide_render and other.people[0].armature.hide_render
    assert [built.collection.name for built in (first, second)] == ["Dance 01 Shot 1", "Dance 01 Shot 2"]


def test_markers_follow_the_frame_rate_of_the_scene() -> None:
    bpy.context.scene.render.fps = 24
    import_shots(timing="scene", start_frame=1)
    assert [(name, frame) for name, frame, _ in markers()] == [("Shot 1", 1), ("Shot 2", 25)]


def test_only_our_markers_are_removed(tmp_path: Path) -> None:
    _, second = import_shots()
    mine = bpy.context.scene.timeline_markers.new("Shot 2", frame=70)
    mine.camera = second.camera
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shots.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shots.blend"))
    delete_clip(bpy.data.collections["Dance 01 Shot 2"])
    assert markers() == [("Shot 1", 1, "TAR Camera Shot 1"), ("Shot 2", 70, None)]
    bpy.context.scene.timeline_markers["Shot 1"].frame = 5
    delete_clip(bpy.data.collections["Dance 01 Shot 1"])
    assert markers() == [("Shot 1", 5, None), ("Shot 2", 70, None)], "moved by hand"


def test_camera_of_the_user_gets_no_markers() -> None:
    camera = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    bpy.context.scene.collection.objects.link(camera)
    first, second = import_shots(camera="Mine")
    assert first.camera == second.camera == camera and not markers()


def test_camera_of_another_shot_is_shown_at_its_shot() -> None:
    first, second = import_shots()
    scene = bpy.context.scene
    for camera, before, after in ((second, 5, 31), (second, 40, 40), (first, 40, 1), (first, 9, 9)):
        scene.frame_set(before)
        go_to_shot(scene, camera.camera)
        assert (scene.frame_current, scene.camera) == (after, camera.camera)
    other = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    go_to_shot(scene, other)
    assert scene.frame_current == 9, "it has no shot"
