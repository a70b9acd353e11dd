"""A camera that is animated by the user, and motion captured with it."""

from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np

from tar_blender.scene.metadata import imported_clips
from tar_core.body.data import load_body
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import with_camera_trajectory
from tar_core.motion import MotionClip
from tests.support.clips import synthetic_clip

START = 11  # scene frame of the video's first frame


def animated_camera() -> bpy.types.Object:
    """Create the scene camera "Mine", which zooms and tracks an empty. Its parent, a crane, is scaled and keyed."""
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


def import_in_world_of(camera: bpy.types.Object, folder: Path) -> bpy.types.Collection:
    """Save captured motion in a folder and import it into the world of the animated camera."""
    as_captured(synthetic_clip(), camera).save(folder / "motion.npz")
    settings = bpy.context.scene.tar_settings
    settings.camera_mode, settings.start_frame, settings.foot_locking, settings.smoothing = "animated", START, 0.0, 0.0
    bpy.ops.tar.import_motion_file(filepath=str(folder / "motion.npz"))
    (collection,) = imported_clips(bpy.context.scene)
    return collection
