"""A camera animated by the user as the video's camera: people are placed in its world, aligned with the video."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

import tar_blender
from tar_blender.scene.animated_camera import animated_camera_steps, find_camera
from tar_blender.scene.build import import_clip
from tar_blender.scene.metadata import camera_of, imported_clips
from tar_blender.util.incremental import finish
from tar_core.body.data import load_body
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import with_camera_trajectory
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.skeleton import JOINT_NAMES
from tests.support.clips import STEP, synthetic_clip
from tests.support.import_options import raw_options

START = 11  # scene frame of the video's first frame


@pytest.fixture
def camera() -> bpy.types.Object:
    """A zooming camera with a Track To constraint, whose parent (a crane) is scaled and keyed."""
    scene = bpy.context.scene
    crane = bpy.data.objects.new("Crane", None)
    aim = bpy.data.objects.new("Aim", None)
    data = bpy.data.cameras.new("Mine")
    mine = bpy.data.objects.new("Mine", data)
    for obj in (crane, aim, mine):
        scene.collection.objects.link(obj)
    mine.parent = crane
    mine.location = (0.4, -1.0, 0.9)
    crane.scale = (1.5, 1.5, 1.5)
    aim.location = (0.3, 5.0, 1.1)
    follow = mine.constraints.new("TRACK_TO")
    follow.target, follow.track_axis, follow.up_axis = aim, "TRACK_NEGATIVE_Z", "UP_Y"
    for frame, place, lens in ((START, (0, 0, 0), 38.0), (START + 70, (1.2, 0.6, 0.2), 55.0)):
        crane.location = place
        crane.keyframe_insert("location", frame=frame)
        data.lens = lens
        data.keyframe_insert("lens", frame=frame)
    clip = synthetic_clip()
    data.shift_x = ((clip.width - 1) / 2 - float(clip.principal_point[0])) / clip.width
    data.shift_y = (float(clip.principal_point[1]) - (clip.height - 1) / 2) / clip.width
    scene.camera = mine
    return mine


def camera_world(camera: bpy.types.Object, frame: int) -> tuple[np.ndarray, float]:
    """Return the world matrix [4, 4] of OpenCV's camera frame at a scene frame, and the focal length in pixels."""
    bpy.context.scene.frame_set(frame)
    seen = camera.evaluated_get(bpy.context.evaluated_depsgraph_get())
    matrix = np.array(seen.matrix_world.normalized()) @ np.diag([1, -1, -1, 1])
    return matrix, seen.data.lens / 36 * synthetic_clip().width


def as_captured(truth: MotionClip, camera: bpy.types.Object) -> MotionClip:
    """Return the motion as the network captures it: without camera motion, and with a wrong focal length.

    Args:
        truth: the motion, in the camera frame of the first frame.
        camera: the camera that films it.
    """
    first, last = int(truth.people[0].frames[0]), truth.last_frame
    poses = [camera_world(camera, START + frame) for frame in range(first, last + 1)]
    start = np.linalg.inv(poses[0][0])
    relative = np.array([start @ matrix for matrix, _ in poses])
    focal_lengths = np.array([focal_length for _, focal_length in poses])
    rotations = relative[:, :3, :3].transpose(0, 2, 1)
    path = CameraTrajectory.from_poses(
        first, rotations, relative[:, :3, 3], focal_lengths / focal_lengths[0], world_is_upright=False
    )
    body = load_body()
    with_path = replace(truth, focal_length=focal_lengths[0], camera_trajectory=path)
    return with_camera_trajectory(with_path, None, body).with_focal_length(1.4 * focal_lengths[0])


def pixels(points: np.ndarray, camera: bpy.types.Object, clip: MotionClip) -> np.ndarray:
    """Project points [N, 3] in the world to pixels [N, 2], as Blender does."""
    view = np.array([world_to_camera_view(bpy.context.scene, camera, Vector(point))[:2] for point in points])
    return np.stack([view[:, 0] * clip.width, (1 - view[:, 1]) * clip.height], 1) - 0.5


def test_people_are_placed_in_its_world_and_aligned_with_the_video(
    camera: bpy.types.Object, smplx_points: dict[str, np.ndarray]
) -> None:
    truth = synthetic_clip()
    captured = as_captured(truth, camera)
    imported = import_clip(captured, bpy.context, raw_options(start_frame=START, camera="Mine"))
    scene, armature = bpy.context.scene, imported.people[0].armature
    assert imported.camera == camera == scene.camera
    assert [obj.type for obj in imported.collection.objects if obj.type == "CAMERA"] == []
    world, _ = camera_world(camera, START + int(truth.people[0].frames[0]))
    for i in range(0, len(truth.people[0]), STEP):
        frame = int(truth.people[0].frames[i])
        now, focal_length = camera_world(camera, START + frame)
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        joints = np.array([posed.matrix_world @ posed.pose.bones[name].head for name in JOINT_NAMES])
        true = smplx_points["joints"][i] @ world[:3, :3].T + world[:3, 3]
        np.testing.assert_allclose(joints, true, atol=0.001)
        own = (true - now[:3, 3]) @ now[:3, :3]
        video = focal_length * own[:, :2] / own[:, 2:] + truth.principal_point
        assert np.abs(pixels(joints, camera, truth) - video).max() < 0.1


def test_camera_is_sampled_between_scene_frames(camera: bpy.types.Object) -> None:
    """The scene has half the frame rate: a video frame takes half a scene frame."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 30, 2.002
    camera.constraints.clear()
    crane = camera.parent
    clip = synthetic_clip()
    import_clip(clip, bpy.context, raw_options(start_frame=START, camera="Mine", timing="scene"))
    halves = START + np.array([0.0, 0.5, 1.0])
    seen = finish(animated_camera_steps(scene, camera, halves, 0, (1280, 720)))
    curve = [crane.location.x]
    for frame, between in ((START, 0.0), (START, 0.5), (START + 1, 0.0)):
        scene.frame_set(frame, subframe=between)
        curve.append(camera.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.translation.x)
    in_world = seen.trajectory.positions @ seen.trajectory.world[:3, :3].T + seen.trajectory.world[:3, 3]
    np.testing.assert_allclose(in_world[:, 0], curve[1:], atol=1e-6)
    assert scene.frame_current == START + 1, "the current frame is restored"


def test_warning_if_the_scale_of_the_camera_motion_is_wrong(camera: bpy.types.Object) -> None:
    """A person walks in front of the camera; then the motion of the crane is scaled down by three."""
    from tests.support.moving_camera import walker

    clip = synthetic_clip()
    truth = replace(clip, fps=30.0, people=[replace(walker(61), frames=np.arange(3, 64))])
    captured = as_captured(truth, camera)
    fine = import_clip(captured, bpy.context, raw_options(start_frame=START, camera="Mine", show_video=False))
    assert not fine.warnings
    for curve in _curves(camera.parent):
        for key in curve.keyframe_points:
            key.co.y /= 3
        curve.update()
    locked = raw_options(start_frame=START, camera="Mine", foot_locking=1.0)
    wrong = import_clip(captured, bpy.context, locked)
    (warning,) = wrong.warnings
    assert "feet would slide less" in warning


def _curves(obj: bpy.types.Object) -> list[bpy.types.FCurve]:
    from tar_blender.scene.fcurves import curves_of

    return list(curves_of(obj))


def test_other_objects_and_cameras_without_perspective_are_rejected(camera: bpy.types.Object) -> None:
    with pytest.raises(TarError, match="no such camera"):
        find_camera("Crane")
    camera.data.type = "ORTHO"
    with pytest.raises(TarError, match="not a perspective camera"):
        find_camera("Mine")


@pytest.fixture
def registered(empty_scene: None) -> Iterator[None]:
    tar_blender.register()
    yield
    tar_blender.unregister()


def test_reimport_uses_the_camera_as_it_is_now(registered: None, camera: bpy.types.Object, tmp_path: Path) -> None:
    """With the camera mode Video, Re-import creates a camera for the clip again."""
    captured = as_captured(synthetic_clip(), camera)
    captured.save(tmp_path / "motion.npz")
    settings = bpy.context.scene.tar_settings
    settings.camera_mode, settings.start_frame, settings.foot_locking, settings.smoothing = "animated", START, 0.0, 0.0
    bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "motion.npz"))
    (collection,) = imported_clips(bpy.context.scene)
    assert camera_of(collection) == camera
    for operator in (bpy.ops.tar.feet_on_ground, bpy.ops.tar.floor_from_objects):
        for obj in bpy.data.objects:
            obj.select_set(obj.name in ("Crane", "Aim", "Mine"))
        with pytest.raises(RuntimeError, match="world of camera Mine"):
            operator(clip=collection.name)

    def hips() -> np.ndarray:
        bpy.context.scene.frame_set(START + 20)
        armature = bpy.data.objects["Person 1"]
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        return np.array(posed.matrix_world @ posed.pose.bones["pelvis"].head)

    name, before = collection.name, hips()
    camera.parent.delta_location = (0, 0, 2.0)
    camera.constraints[0].target.delta_location = (0, 0, 2.0)
    bpy.ops.tar.reimport_clip("EXEC_DEFAULT", clip=name, camera_mode="animated", start_frame=START)
    np.testing.assert_allclose(hips() - before, [0, 0, 2], atol=1e-3)
    bpy.ops.tar.reimport_clip("EXEC_DEFAULT", clip=name, camera_mode="video", start_frame=START)
    (collection,) = imported_clips(bpy.context.scene)
    assert camera_of(collection).name == "TAR Camera" and "Mine" in bpy.data.objects
    with pytest.raises(RuntimeError, match="the camera of the clip"):
        bpy.ops.tar.reimport_clip("EXEC_DEFAULT", clip=name, camera_mode="animated")
    bpy.context.scene.camera = None
    with pytest.raises(RuntimeError, match="no camera"):
        bpy.ops.tar.reimport_clip("EXEC_DEFAULT", clip=name, camera_mode="animated")


def test_motion_without_a_video_gets_its_own_camera(camera: bpy.types.Object) -> None:
    amass = replace(synthetic_clip(), source="walk.npz")
    imported = import_clip(amass, bpy.context, raw_options(camera="Mine"))
    assert imported.camera != camera and imported.camera.name in imported.collection.objects


def test_job_has_the_lens_of_the_animated_camera(registered: None, camera: bpy.types.Object, tiny_video: Path) -> None:
    settings = bpy.context.scene.tar_settings
    settings.video, settings.camera_mode, settings.focal_mode, settings.focal_length = (
        str(tiny_video),
        "animated",
        "pixels",
        9.0,
    )
    bpy.context.scene.frame_set(START)
    job = settings.job(bpy.context.scene, None).options
    assert job.focal_length is None and job.static_camera
    assert job.fov == pytest.approx(2 * np.degrees(np.arctan(18 / 38)), abs=1e-3)
    assert settings.import_options(camera=settings.scene_camera(bpy.context.scene)).camera == "Mine"
    settings.camera_mode = "video"
    assert settings.scene_camera(bpy.context.scene) is None
