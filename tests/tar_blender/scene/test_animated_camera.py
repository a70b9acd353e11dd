"""A camera animated by the user as the video's camera: people are placed in its world, aligned with the video."""

from dataclasses import replace

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from tar_blender.scene.animated_camera import animated_camera_steps, find_camera
from tar_blender.scene.build import import_clip
from tar_blender.util.incremental import finish
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.skeleton import SMPLH_JOINT_NAMES
from tests.support.animated_camera import START, animated_camera, as_captured, camera_world
from tests.support.clips import STEP, synthetic_clip
from tests.support.import_options import raw_options


@pytest.fixture
def camera() -> bpy.types.Object:
    return animated_camera()


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
        joints = np.array([posed.matrix_world @ posed.pose.bones[name].head for name in SMPLH_JOINT_NAMES])
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


def test_motion_without_a_video_gets_its_own_camera(camera: bpy.types.Object) -> None:
    amass = replace(synthetic_clip(), source="walk.npz")
    imported = import_clip(amass, bpy.context, raw_options(camera="Mine"))
    assert imported.camera != camera and imported.camera.name in imported.collection.objects
