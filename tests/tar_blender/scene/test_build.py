"""Import of a clip, and its removal if it fails."""

import itertools
import os
import sys
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.scene import build
from tar_blender.scene.all_or_nothing import DATA_KINDS
from tar_blender.scene.build import import_clip, import_steps
from tar_blender.scene.frame_rate import frame_rate
from tar_blender.scene.metadata import about_floor, about_lens, implausible_ranges_of
from tar_core.body.data import load_body
from tar_core.errors import TarError
from tar_core.motion import Floor, MotionClip
from tests.support.clips import synthetic_clip, t_pose
from tests.support.import_options import raw_options
from tests.tar_blender.scene.test_body_mesh import evaluated_vertices


def test_all_objects_are_in_a_collection_named_after_the_clip(tiny_video: Path) -> None:
    clip = synthetic_clip(people=2)
    clip.source = str(tiny_video)
    imported = import_clip(clip, bpy.context, raw_options())
    collection = bpy.context.scene.collection.children[tiny_video.stem]
    assert imported.collection == collection
    assert set(collection.objects) == set(bpy.data.objects)
    assert sorted(thing.type for thing in collection.objects) == ["ARMATURE", "ARMATURE", "CAMERA", "MESH", "MESH"]
    assert [person.person_id for person in imported.people] == [1, 2]
    assert not imported.warnings


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("name", [b"caf\xe9.mp4", b"two\nlines.mp4", b"n" * 251 + b".mp4"])
def test_video_may_have_any_name(name: bytes, clip: MotionClip, tiny_video: Path, tmp_path: Path) -> None:
    """Such as those of archives from systems with another encoding."""
    video = tmp_path / os.fsdecode(name)
    video.write_bytes(tiny_video.read_bytes())
    imported = import_clip(replace(clip, source=str(video)), bpy.context)
    assert not imported.warnings
    background = imported.camera.data.background_images[0].image
    assert bpy.path.abspath(background.filepath) == str(video) and background.frame_duration == 12
    assert imported.collection.name.isprintable()


def test_clip_that_names_no_video_has_no_background(clip: MotionClip) -> None:
    clip.source = ""
    imported = import_clip(clip, bpy.context, raw_options())
    assert not imported.warnings and not imported.camera.data.background_images


def test_scene_takes_frame_range_rate_and_resolution_of_the_clip(clip: MotionClip) -> None:
    scene = bpy.context.scene
    imported = import_clip(clip, bpy.context, raw_options(start_frame=1001))
    assert scene.render.fps == 30 and scene.render.fps_base == pytest.approx(1.001, abs=1e-6)
    assert (scene.frame_start, scene.frame_end) == (1004, 1064)
    assert scene.frame_current == 1004
    assert (scene.render.resolution_x, scene.render.resolution_y) == (1280, 720)
    assert scene.camera == imported.camera


def test_implausible_ranges_are_recorded_in_scene_frames() -> None:
    clip = synthetic_clip()
    clip.people = [t_pose(60)]
    clip.people[0].trans[30:, 2] -= 1  # a leap within one frame
    (person,) = import_clip(clip, bpy.context, raw_options(start_frame=101)).people
    ranges = implausible_ranges_of(person.armature)
    (leap,) = [found for found in ranges if found.what.startswith("root leaps towards the camera")]
    assert 101 + 25 < leap.first <= 101 + 29 <= leap.last < 101 + 35


def test_without_a_floor_only_the_motion_is_checked() -> None:
    clip = synthetic_clip()
    clip.people = [t_pose(60)]
    clip.people[0].trans[30:, 1] += 0.5  # the feet sink
    for on_ground in (True, False):
        (person,) = import_clip(clip, bpy.context, raw_options(on_ground=on_ground)).people
        ranges = implausible_ranges_of(person.armature)
        assert any("floor" in found.what for found in ranges) == on_ground


def test_missing_video_is_a_warning(clip: MotionClip) -> None:
    imported = import_clip(clip, bpy.context, raw_options())
    (warning,) = imported.warnings
    assert "Dance 01.mp4" in warning and "move the video back" in warning
    assert not imported.camera.data.background_images


def test_second_import_does_not_change_the_first(clip: MotionClip) -> None:
    first = import_clip(clip, bpy.context, raw_options())
    before = np.array(first.people[0].armature.matrix_world)
    second = import_clip(clip, bpy.context, raw_options())
    assert first.collection != second.collection
    assert len(bpy.data.armatures) == 2
    np.testing.assert_array_equal(np.array(first.people[0].armature.matrix_world), before)


def test_import_in_pose_mode(clip: MotionClip) -> None:
    """The user may be posing another person when the import ends."""
    first = import_clip(clip, bpy.context, raw_options())
    bpy.context.view_layer.objects.active = first.people[0].armature
    bpy.ops.object.mode_set(mode="POSE")
    import_clip(clip, bpy.context, raw_options())
    assert bpy.context.mode == "OBJECT"


def test_failed_import_leaves_the_file_unchanged(clip: MotionClip, monkeypatch: pytest.MonkeyPatch) -> None:
    import_clip(clip, bpy.context, raw_options())
    scene = bpy.context.scene
    before = _everything(), scene.camera, scene.frame_end, scene.render.fps

    def fail(*args: object) -> None:
        raise MemoryError

    monkeypatch.setattr(build, "motion_steps", fail)
    with pytest.raises(MemoryError):
        import_clip(synthetic_clip(people=2, fps=60, frames=99), bpy.context, raw_options())
    assert (_everything(), scene.camera, scene.frame_end, scene.render.fps) == before


def test_motion_has_the_same_speed_at_the_frame_rate_of_the_scene() -> None:
    """The position of the pelvis at a time does not depend on the frame rate."""
    scene = bpy.context.scene
    clip = synthetic_clip(frames=120, first_frame=0, fps=60)
    positions = {}
    for keep in (False, True):
        scene.render.fps, scene.render.fps_base = 24, 1.001
        person = import_clip(clip, bpy.context, raw_options(timing="scene" if keep else "video", start_frame=1)).people[
            0
        ]
        rate = frame_rate(scene)
        assert rate == pytest.approx(24 / 1.001 if keep else 60)
        for seconds in (0.3, 1.0, 1.7):
            frame = 1 + seconds * rate
            scene.frame_set(int(frame), subframe=frame % 1)
            positions[keep, seconds] = np.array(person.armature.pose.bones["pelvis"].head)
    for seconds in (0.3, 1.0, 1.7):
        assert np.linalg.norm(positions[False, seconds] - positions[True, seconds]) < 0.01


def test_options_of_the_import(clip: MotionClip) -> None:
    scene = bpy.context.scene
    scene.render.resolution_x = 333
    options = raw_options(
        figure="armature",
        match_resolution=False,
        show_video=False,
        on_ground=False,
        focal_length=2 * clip.focal_length,
        smoothing=0.5,
    )
    imported = import_clip(clip, bpy.context, options)
    assert not bpy.data.meshes and not bpy.data.materials and imported.people[0].body is None
    assert scene.render.resolution_x == 333 and scene.camera == imported.camera
    assert not imported.warnings, "the video is not needed"
    assert imported.camera.location.length == 0
    assert imported.camera.data.lens == pytest.approx(2 * clip.focal_length * 36 / clip.width)


def test_clip_without_people_is_an_error(clip: MotionClip) -> None:
    clip.people.clear()
    with pytest.raises(TarError, match="contains no people"):
        import_clip(clip, bpy.context, raw_options())
    assert not _everything()


def test_missing_body_file_is_an_error(clip: MotionClip, tmp_path: Path) -> None:
    clip.body = str(tmp_path / "SMPL_NEUTRAL.pkl")
    with pytest.raises(TarError, match="SMPL_NEUTRAL"):
        import_clip(clip, bpy.context, raw_options())
    assert not _everything()


def _everything() -> set[str]:
    """The names of all data of the kinds that an import creates."""
    kinds = ("objects", "collections", "armatures", "meshes", "cameras", "actions", "images", "materials")
    return {f"{kind}/{item.name}" for kind in kinds for item in getattr(bpy.data, kind)}


def test_stopped_import_leaves_the_file_unchanged(clip: MotionClip) -> None:
    before = {kind: set(getattr(bpy.data, kind).keys()) for kind in DATA_KINDS}
    # The number of steps varies, since waiting for a thread takes any number of them.
    for stop in itertools.count(0, 23):
        steps = import_steps([clip], bpy.context, raw_options())
        taken = sum(1 for _ in itertools.islice(steps, stop))
        if taken < stop:
            break
        steps.close()
        assert {kind: set(getattr(bpy.data, kind).keys()) for kind in DATA_KINDS} == before, stop
        assert bpy.context.scene.camera is None and bpy.context.scene.render.resolution_x == 1920
    assert stop > 50


def test_soles_of_a_clip_are_at_z_0() -> None:
    clip = MotionClip(25, 640, 480, 800, np.array([320, 240]), "a.mp4", [t_pose(10)], focal_length_error=0.3)
    imported = import_clip(clip, bpy.context, raw_options())
    assert about_lens(imported.collection) == "Lens 45 mm ± 35 %, a guess"
    lowest = evaluated_vertices(imported.people[0].body)[:, 2].min()
    assert abs(lowest) < 0.003
    assert imported.camera.location.z == np.float32(imported.placement.translation[2])
    assert about_floor(imported.collection).startswith("Floor confidence ")


def test_floor_of_a_tilted_camera_is_at_z_0() -> None:
    """An upright person in front of a camera that looks down by 0.3 rad: soles at z = 0, head above them."""
    person = t_pose(10)
    person.poses[:, 0], person.betas = np.pi + 0.3, np.zeros(10, np.float32)
    up = np.array([0.0, -np.cos(0.3), -np.sin(0.3)])
    body = load_body()
    pelvis = body.J_regressor[0] @ body.v_template
    height = float(-(person.trans[0] + pelvis) @ up + pelvis[1] - body.v_template[:, 1].min())
    clip = MotionClip(25, 640, 480, 800, np.array([320, 240]), "a.mp4", [person], floor=Floor(up, height))
    imported = import_clip(clip, bpy.context, raw_options(show_video=False))
    vertices = evaluated_vertices(imported.people[0].body)
    assert abs(vertices[:, 2].min()) < 1e-3
    extent = vertices.max(0) - vertices.min(0)
    assert abs(extent[2] - np.ptp(body.v_template[:, 1])) < 1e-3
    assert abs(imported.camera.location.z - height) < 1e-6
    assert about_floor(imported.collection) == "Floor confidence 100%"
