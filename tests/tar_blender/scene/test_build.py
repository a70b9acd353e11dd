"""A clip becomes a scene, or leaves no trace."""

import itertools
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.scene import build as import_motion
from tar_blender.scene.build import ImportOptions, adapt_clip, frame_rate, import_clip, import_steps, set_frame_rate
from tar_core.body.data import load_body
from tar_core.cleanup.leg_ik import LEGS
from tar_core.errors import TarError
from tar_core.motion import MotionClip, Vertical
from tests.support.clips import synthetic_clip


def test_everything_is_in_one_collection_named_after_the_clip(tiny_video: Path) -> None:
    clip = synthetic_clip(people=2)
    clip.source = str(tiny_video)
    imported = import_clip(clip, bpy.context)
    collection = bpy.context.scene.collection.children[tiny_video.stem]
    assert imported.collection == collection
    assert set(collection.objects) == set(bpy.data.objects)
    assert sorted(thing.type for thing in collection.objects) == ["ARMATURE", "ARMATURE", "CAMERA", "MESH", "MESH"]
    assert [person.person_id for person in imported.people] == [1, 2]
    assert not imported.warnings


def test_feet_are_planted_if_asked(clip: MotionClip) -> None:
    rate = frame_rate(bpy.context.scene)
    locked = adapt_clip(clip, load_body(), ImportOptions(foot_locking=1.0), rate)
    assert adapt_clip(clip, load_body(), ImportOptions(), rate).people[0] is clip.people[0]
    assert np.abs(locked.people[0].trans - clip.people[0].trans).max() > 0.001
    moved = (locked.people[0].poses != clip.people[0].poses).reshape(-1, 24, 3).any((0, 2))
    assert set(np.flatnonzero(moved)) <= set(np.ravel(LEGS)), "legs help, nothing else does"


def test_balance_is_kept_if_asked(clip: MotionClip) -> None:
    """Lines that say that up is elsewhere: who stands straight by the picture leans in the world."""
    rate, tip = frame_rate(bpy.context.scene), np.radians(8)
    upright = np.zeros_like(clip.people[0].poses)
    upright[:, 0] = np.pi  # before a camera
    stands = replace(clip.people[0], poses=upright, trans=np.tile([0.0, 0.2, 4.0], (len(upright), 1)))
    leaning = replace(clip, people=[stands], vertical=Vertical(np.array([0, -np.cos(tip), -np.sin(tip)]), 1.0))
    kept = adapt_clip(leaning, load_body(), ImportOptions(lean_correction=True), rate)
    assert adapt_clip(leaning, load_body(), ImportOptions(), rate).people[0] is leaning.people[0]
    assert (kept.people[0].poses != leaning.people[0].poses).any(0).nonzero()[0].max() < 3, "global_orient alone"


def test_scene_takes_the_clips_time_and_size(clip: MotionClip) -> None:
    scene = bpy.context.scene
    imported = import_clip(clip, bpy.context, ImportOptions(start_frame=1001))
    assert scene.render.fps == 30 and scene.render.fps_base == pytest.approx(1.001, abs=1e-6)
    assert (scene.frame_start, scene.frame_end) == (1004, 1064)
    assert scene.frame_current == 1004
    assert (scene.render.resolution_x, scene.render.resolution_y) == (1280, 720)
    assert scene.camera == imported.camera


@pytest.mark.parametrize("fps", [23.976, 24, 25, 29.97, 30000 / 1001, 59.94, 60, 14.7, 240, 0.4])
def test_any_frame_rate(fps: float) -> None:
    render = bpy.context.scene.render
    set_frame_rate(bpy.context.scene, fps)
    assert render.fps / render.fps_base == pytest.approx(fps, rel=1e-6)


def test_missing_video_is_a_warning_and_the_rest_is_there(clip: MotionClip) -> None:
    imported = import_clip(clip, bpy.context)
    (warning,) = imported.warnings
    assert "Dance 01.mp4" in warning and "move the video back" in warning
    assert not imported.camera.data.background_images


def test_a_second_import_leaves_the_first_alone(clip: MotionClip) -> None:
    first = import_clip(clip, bpy.context)
    before = np.array(first.people[0].armature.matrix_world)
    second = import_clip(clip, bpy.context)
    assert first.collection != second.collection
    assert len(bpy.data.armatures) == 2
    np.testing.assert_array_equal(np.array(first.people[0].armature.matrix_world), before)


def test_works_from_another_mode(clip: MotionClip) -> None:
    """The animator may be posing somebody else when the import ends."""
    first = import_clip(clip, bpy.context)
    bpy.context.view_layer.objects.active = first.people[0].armature
    bpy.ops.object.mode_set(mode="POSE")
    import_clip(clip, bpy.context)
    assert bpy.context.mode == "OBJECT"


def test_failure_leaves_nothing_behind(clip: MotionClip, monkeypatch: pytest.MonkeyPatch) -> None:
    import_clip(clip, bpy.context)
    scene = bpy.context.scene
    before = _everything(), scene.camera, scene.frame_end, scene.render.fps

    def fail(*args: object) -> None:
        raise MemoryError

    monkeypatch.setattr(import_motion, "motion_steps", fail)
    with pytest.raises(MemoryError):
        import_clip(synthetic_clip(people=2, fps=60, frames=99), bpy.context)
    assert (_everything(), scene.camera, scene.frame_end, scene.render.fps) == before


def test_scenes_frame_rate_stays_and_the_motion_keeps_its_time() -> None:
    """Where the pelvis is at a moment does not depend on the frame rate."""
    scene = bpy.context.scene
    clip = synthetic_clip(frames=120, first_frame=0, fps=60)
    places = {}
    for keep in (False, True):
        scene.render.fps, scene.render.fps_base = 24, 1.001
        person = import_clip(clip, bpy.context, ImportOptions(keep_frame_rate=keep, start_frame=1)).people[0]
        rate = frame_rate(scene)
        assert rate == pytest.approx(24 / 1.001 if keep else 60)
        for seconds in (0.3, 1.0, 1.7):
            frame = 1 + seconds * rate
            scene.frame_set(int(frame), subframe=frame % 1)
            places[keep, seconds] = np.array(person.armature.pose.bones["pelvis"].head)
    for seconds in (0.3, 1.0, 1.7):
        assert np.linalg.norm(places[False, seconds] - places[True, seconds]) < 0.01


def test_options(clip: MotionClip) -> None:
    scene = bpy.context.scene
    scene.render.resolution_x = 333
    options = ImportOptions(
        with_body=False,
        match_resolution=False,
        show_video=False,
        on_ground=False,
        focal_length=2 * clip.focal_length,
        smoothing=0.5,
    )
    imported = import_clip(clip, bpy.context, options)
    assert not bpy.data.meshes and not bpy.data.materials and imported.people[0].body is None
    assert scene.render.resolution_x == 333 and scene.camera == imported.camera
    assert not imported.warnings, "nobody asked for the video"
    assert imported.camera.location.length == 0
    assert imported.camera.data.lens == pytest.approx(2 * clip.focal_length * 36 / clip.width)


def test_nobody_in_the_clip(clip: MotionClip) -> None:
    clip.people.clear()
    with pytest.raises(TarError, match="no people"):
        import_clip(clip, bpy.context)
    assert not _everything()


def test_body_file_gone(clip: MotionClip, tmp_path: Path) -> None:
    clip.body = str(tmp_path / "SMPL_NEUTRAL.pkl")
    with pytest.raises(TarError, match="SMPL_NEUTRAL"):
        import_clip(clip, bpy.context)
    assert not _everything()


def _everything() -> set[str]:
    """The names of all data that an import makes."""
    kinds = ("objects", "collections", "armatures", "meshes", "cameras", "actions", "images", "materials")
    return {f"{kind}/{item.name}" for kind in kinds for item in getattr(bpy.data, kind)}


def test_stopping_anywhere_leaves_no_trace(clip: MotionClip) -> None:
    before = {kind: set(getattr(bpy.data, kind).keys()) for kind in import_motion._DATA_KINDS}
    # Waiting for a thread takes as many steps as it likes, so there is no telling how many there are.
    for stop in itertools.count(0, 7):
        steps = import_steps(clip, bpy.context)
        taken = sum(1 for _ in itertools.islice(steps, stop))
        if taken < stop:
            break
        steps.close()
        assert {kind: set(getattr(bpy.data, kind).keys()) for kind in import_motion._DATA_KINDS} == before, stop
        assert bpy.context.scene.camera is None and bpy.context.scene.render.resolution_x == 1920
    assert stop > 50
