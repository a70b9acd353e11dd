"""Baking to another frame rate: keys on whole frames, and everything happens at the same time as before."""

from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.editing.key_reduction import Tolerance, reduce_keys
from tar_blender.editing.retiming import bake_frame_rate
from tar_blender.export.formats import save_scene
from tar_blender.retarget.skeleton_motion import WorldMotion, person_motion
from tar_blender.scene.build import import_steps, record_import
from tar_blender.scene.fcurves import curves_of, new_action, write_curves
from tar_blender.scene.frame_rate import frame_rate
from tar_blender.scene.layers import add_layer
from tar_blender.scene.metadata import imported_clips, key_rate, uncertain_ranges_of
from tar_blender.util.incremental import finish
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError
from tests.support.characters import SMPL_BONES, heads_of, walking_clip
from tests.support.clips import clips_of_shots
from tests.support.import_options import raw_options

ODD, WHOLE = 29.83, 30.0
OPTIONS = raw_options(figure="armature", show_video=False, start_frame=1)


@pytest.fixture
def person(empty_scene: None) -> bpy.types.Object:
    clip = replace(walking_clip(240), fps=ODD)
    vectors, positions = np.linspace([[0.0, 0, 0]] * 2, [[0.1, 0.7, -0.2], [1, 0, 2]], clip.last_frame + 1, axis=1)
    clip = replace(clip, camera_trajectory=CameraTrajectory(0, vectors, positions))
    imported = finish(import_steps([clip], bpy.context, OPTIONS))
    record_import(imported, "", OPTIONS)
    return imported[0].people[0].armature


def seconds(frames: np.ndarray, fps: float) -> np.ndarray:
    return (frames - 1) / fps


def largest_difference(motion: WorldMotion, fps: float, other: WorldMotion, other_fps: float) -> float:
    """The largest distance of the joints at the same time, meters."""
    times, others = seconds(motion.frames, fps), seconds(other.frames, other_fps)
    within = (others >= times[0]) & (others <= times[-1])
    errors = [
        np.abs(np.interp(others[within], times, motion.positions[joint][:, axis]) - points[within, axis]).max()
        for joint, points in other.positions.items()
        for axis in range(3)
    ]
    return float(max(errors))


def test_motion_is_on_whole_frames_at_the_same_time(person: bpy.types.Object) -> None:
    before, warnings = person_motion(person), bake_frame_rate(bpy.context.scene, ODD, WHOLE)
    assert not warnings and frame_rate(bpy.context.scene) == WHOLE
    after = person_motion(person)
    for curve in curves_of(person):
        frames = np.array([point.co.x for point in curve.keyframe_points])
        assert frames[0] == after.frames[0] and len(frames) in (1, len(after.frames))
        assert (frames == np.round(frames)).all()
    assert largest_difference(before, ODD, after, WHOLE) < 1e-3
    ends = [abs(seconds(after.frames, WHOLE)[k] - seconds(before.frames, ODD)[k]) for k in (0, -1)]
    assert max(ends) <= 0.5 / WHOLE


def test_camera_moves_with_the_people(person: bpy.types.Object) -> None:
    camera = bpy.context.scene.camera
    path = {
        curve.array_index: [curve.evaluate(frame) for frame in range(1, 100)]
        for curve in curves_of(camera)
        if curve.data_path == "location"
    }
    bake_frame_rate(bpy.context.scene, ODD, WHOLE)
    for curve in curves_of(camera):
        if curve.data_path == "location":
            found = [curve.evaluate(1 + k * WHOLE / ODD) for k in range(99)]
            np.testing.assert_allclose(found, path[curve.array_index], atol=1e-4)


def test_fbx_at_the_rate_of_another_program(person: bpy.types.Object, tmp_path: Path) -> None:
    bake_frame_rate(bpy.context.scene, ODD, WHOLE)
    frames = (20, 60, 120)
    shown = {frame: heads_of(person, SMPL_BONES, frame) for frame in frames}
    first = round(min(curve.range()[0] for curve in curves_of(person)))
    save_scene(tmp_path / "out.fbx")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30
    bpy.ops.import_scene.fbx(filepath=str(tmp_path / "out.fbx"))
    armature = next(obj for obj in bpy.data.objects if obj.type == "ARMATURE")
    keys = np.array([point.co.x for curve in curves_of(armature) for point in curve.keyframe_points])
    np.testing.assert_allclose(keys, np.round(keys), atol=1e-3)
    shift = round(keys.min()) - first
    for frame, heads in shown.items():
        read = heads_of(armature, SMPL_BONES, frame + shift)
        for joint, position in heads.items():
            np.testing.assert_allclose(read[joint], position, atol=1e-3)


def test_few_keys_stay_few(person: bpy.types.Object) -> None:
    before = person_motion(person)
    _, count = reduce_keys(person, Tolerance())
    bake_frame_rate(bpy.context.scene, ODD, WHOLE)
    keys = [point.co.x for curve in curves_of(person) for point in curve.keyframe_points]
    assert len(keys) <= count and all(key == round(key) for key in keys)
    assert largest_difference(before, ODD, person_motion(person), WHOLE) < 0.04


def test_doubtful_ranges_markers_and_range_of_the_scene() -> None:
    clips = [replace(clip, fps=15.0) for clip in clips_of_shots()]
    confidence = np.ones(30)
    confidence[10:20] = 0.01
    unsure = replace(clips[0].people[0], confidence=confidence)
    clips[0] = replace(clips[0], people=[unsure])
    imported = finish(import_steps(clips, bpy.context, OPTIONS))
    record_import(imported, "", OPTIONS)
    first = imported[0].people[0].armature
    ranges = uncertain_ranges_of(first)
    scene = bpy.context.scene
    bake_frame_rate(scene, 15.0, 30.0)
    assert [(each.first, each.last) for each in uncertain_ranges_of(first)] == [
        (2 * each.first - 1, 2 * each.last - 1) for each in ranges
    ]
    assert sorted(marker.frame for marker in scene.timeline_markers) == [1, 61]
    assert (scene.frame_start, scene.frame_end) == (1, 119)
    for frame, hidden in ((59, False), (61, True)):
        scene.frame_set(frame)
        assert first.hide_render == hidden


def test_what_cannot_be_baked_is_refused(person: bpy.types.Object) -> None:
    add_layer(person)
    with pytest.raises(TarError, match="merge them"):
        bake_frame_rate(bpy.context.scene, ODD, WHOLE)
    assert frame_rate(bpy.context.scene) == pytest.approx(ODD)
    with pytest.raises(TarError, match="no imported clip"):
        bake_frame_rate(bpy.data.scenes.new("Other"), ODD, WHOLE)


def test_another_scene_with_the_clip_keeps_its_rate_and_is_mentioned(person: bpy.types.Object) -> None:
    other = bpy.data.scenes.new("Second")
    other.render.fps = 24
    (clip,) = person.users_collection
    other.collection.children.link(clip)
    (warning,) = bake_frame_rate(bpy.context.scene, ODD, WHOLE)
    assert warning.endswith("is also in the scene Second, which keeps its frame rate; set it to 30 as well")
    assert other.render.fps == 24 and key_rate(clip) == WHOLE


def test_other_animation_is_mentioned(person: bpy.types.Object) -> None:
    own = bpy.data.objects.new("Door", None)
    bpy.context.collection.objects.link(own)
    _, channels = new_action(own, "Open")
    write_curves(channels, "Door", "location", np.array([1, 9]), np.zeros((2, 3)))
    (warning,) = bake_frame_rate(bpy.context.scene, ODD, WHOLE)
    assert "Door" in warning
    assert [point.co.x for point in channels.fcurves[0].keyframe_points] == [1, 9]


def test_each_clip_is_baked_from_its_own_rate(person: bpy.types.Object) -> None:
    """As after a clip was appended to a file of another frame rate."""
    other = replace(walking_clip(60), fps=12.0)
    scene = bpy.context.scene
    (built,) = finish(import_steps([other], bpy.context, replace(OPTIONS, timing="video")))
    record_import([built], "", OPTIONS)
    before = person_motion(built.people[0].armature)
    bake_frame_rate(scene, ODD, WHOLE)
    after = person_motion(built.people[0].armature)
    assert len(after.frames) == pytest.approx(len(before.frames) * WHOLE / 12, abs=3)
    assert largest_difference(before, 12, after, WHOLE) < 0.02
    assert {key_rate(clip) for clip in imported_clips(scene)} == {WHOLE}
