"""The video's camera in the scene: from OpenCV's camera frame to Blender's world, and the camera object itself."""

from math import ceil, radians
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix

from tar_core.camera.placement import CAMERA_OBJECT_TO_OPENCV, WorldPlacement
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.rotations import axis_angle_to_matrix, continuous_quaternions, matrix_to_quaternion

from ..util.video_info import read_video_info
from .fcurves import LINEAR, new_action, write_curve, write_curves

SENSOR_WIDTH = 36.0  # millimeters; a full-frame camera, so that `lens` reads as photographers expect
CLIP_START = 0.01  # meters
MINIMUM_CLIP_END = 100.0  # meters

_ROUNDING = 0.001  # frames; so that a frame is not missed by a hair


def build_camera(
    clip: MotionClip,
    placement: WorldPlacement,
    collection: bpy.types.Collection,
    start_frame: int = 1,
    name: str = "TAR Camera",
) -> bpy.types.Object:
    """Makes a camera that projects as the clip's pinhole camera does, at the clip's resolution.

    A camera that moves is keyed, and hangs on an empty that stands where the first frame's camera stood.

    Blender measures its shift in sensor widths, right and up, from the image's center, and its image reaches from the
    first pixel's left edge to the last pixel's right edge; the clip's pixel (0, 0) is the first pixel's CENTER. Hence
    the halves of (width - 1) and (height - 1).
    """
    data = bpy.data.cameras.new(name)
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = SENSOR_WIDTH
    data.sensor_height = SENSOR_WIDTH * clip.height / clip.width
    data.lens = clip.focal_length * SENSOR_WIDTH / clip.width
    center_x, center_y = (float(value) for value in clip.principal_point)
    data.shift_x = ((clip.width - 1) / 2 - center_x) / clip.width
    data.shift_y = (center_y - (clip.height - 1) / 2) / clip.width
    data.clip_start = CLIP_START
    farthest = max((float(np.linalg.norm(person.trans, axis=1).max()) for person in clip.people), default=0.0)
    data.clip_end = max(MINIMUM_CLIP_END, 2 * farthest)

    camera = bpy.data.objects.new(name, data)
    collection.objects.link(camera)
    if clip.camera_trajectory is None:
        camera.matrix_world = Matrix(placement.camera_matrix().tolist())
        return camera
    mount = bpy.data.objects.new(f"{name} Mount", None)
    mount.matrix_world = Matrix(placement.matrix().tolist())
    mount.empty_display_size = 0.3
    collection.objects.link(mount)
    camera.parent = mount
    key_path(camera, clip.camera_trajectory, start_frame)
    return camera


def key_path(camera: bpy.types.Object, path: CameraTrajectory, start_frame: int) -> None:
    """Keys a camera that hangs in the clip's camera frame, on every frame; its lens is the clip's so far."""
    rotations = axis_angle_to_matrix(path.rotation_vectors).transpose(0, 2, 1) @ CAMERA_OBJECT_TO_OPENCV
    quaternions = continuous_quaternions(matrix_to_quaternion(rotations))
    camera.rotation_mode = "QUATERNION"
    _, channels = new_action(camera, f"{camera.name} Path")
    frames = start_frame + path.first_frame + np.arange(len(quaternions))
    write_curves(channels, "Path", "rotation_quaternion", frames, quaternions)
    if path.has_translation:
        write_curves(channels, "Path", "location", frames, path.positions)
    if path.has_zoom:
        _, channels = new_action(camera.data, f"{camera.name} Zoom")
        group = channels.groups.new("Zoom")
        write_curve(channels, group, "lens", 0, frames, camera.data.lens * path.zoom_factors, LINEAR)


def add_video_background(
    camera: bpy.types.Object, video: Path, start_frame: int, opacity: float = 1.0, speed: float = 1.0
) -> None:
    """Shows the video behind the scene when looking through the camera; its first frame stands at start_frame.

    It is an image and no movie clip: that opens the file only when it is drawn, and may play at any speed. What is
    said of the file in the sidebar is known already; else it is opened for that (`read_video_info`).

    Args:
        speed: frames of the video for each of the scene.

    Raises:
        TarError: the file is missing, or Blender cannot read it.
    """
    if not video.is_file():
        raise TarError(f"{video}: the video is not there, so the camera has no background; move it back and re-import")
    try:
        info = read_video_info(video)
    except TarError as error:
        raise TarError(f"the camera has no background, {error}") from error
    background = camera.data.background_images.new()
    background.source = "IMAGE"
    background.image = bpy.data.images.load(str(video.resolve()))
    user = background.image_user
    user.frame_start = start_frame
    user.frame_duration = ceil((info.frames - 1) / speed) + 1
    user.use_auto_refresh = True
    if speed != 1:
        _choose_frames(camera, user, speed)
    background.alpha = opacity
    background.display_depth = "BACK"
    background.frame_method = "STRETCH"
    background.rotation = -radians(info.rotation)
    if info.rotation in (90, 270):  # the lying picture would be stretched before it is turned
        background.frame_method = "FIT"
        background.scale = max(info.width, info.height) / min(info.width, info.height)
    camera.data.show_background_images = True


def _choose_frames(camera: bpy.types.Object, user: bpy.types.ImageUser, speed: float) -> None:
    """Plays the newest background at another speed: by a driver, whose expression needs no trust in scripts."""
    driver = camera.data.driver_add(
        f"background_images[{len(camera.data.background_images) - 1}].image_user.frame_offset"
    ).driver
    driver.type = "SCRIPTED"
    passed = f"min(max(frame - {user.frame_start}, 0), {user.frame_duration - 1})"
    driver.expression = f"floor({passed} * {speed!r} + {_ROUNDING}) - {passed}"


def match_render(scene: bpy.types.Scene, clip: MotionClip) -> None:
    """Makes the scene's pictures as large as the video's, with square pixels."""
    scene.render.resolution_x = clip.width
    scene.render.resolution_y = clip.height
    scene.render.resolution_percentage = 100
    scene.render.pixel_aspect_x = scene.render.pixel_aspect_y = 1.0
