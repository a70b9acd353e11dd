"""The camera object that matches the video's camera, and the video as its background."""

from math import ceil, radians
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from tar_core.camera.placement import CAMERA_OBJECT_TO_OPENCV, WorldPlacement
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.rotations import axis_angle_to_matrix, continuous_quaternions, matrix_to_quaternion

from ..util.blender_types import data_of
from ..util.video_info import load_image, read_video_info
from .fcurves import add_driver, remove_curves, write_curves
from .keyframes import motion_action
from .metadata import is_part, mark_part

_NAME = "TAR Camera"
# Custom property in saved files with the matrix at which the import placed a camera or its mount: never change it.
_PLACEMENT = "tar_placement"
SENSOR_WIDTH = 36.0  # millimeters; a full-frame sensor, so that `lens` is the 35 mm equivalent focal length
CLIP_START = 0.01  # meters
MIN_CLIP_END = 100.0  # meters

SAME_RATE = 1e-5  # relative difference; Blender stores rates with less precision
_ROUNDING = 0.001  # frames; added before rounding down, to compensate rounding errors


def build_camera(
    clip: MotionClip,
    placement: WorldPlacement,
    collection: bpy.types.Collection,
    start_frame: int = 1,
) -> bpy.types.Object:
    """Create a camera with the projection of the clip's pinhole camera, at the clip's resolution.

    A moving camera is keyed, and is the child of an empty at the position of the first frame's camera.

    Blender measures the lens shift in sensor widths, to the right and up, from the center of the image. Its image
    extends from the left edge of the first pixel to the right edge of the last pixel, while the clip's coordinates
    (0, 0) are the center of the first pixel. Hence (width - 1) / 2 and (height - 1) / 2.
    """
    name = _NAME if clip.shot is None else f"{_NAME} {clip.shot.name}"
    data = bpy.data.cameras.new(name)
    data.clip_start = CLIP_START
    camera = bpy.data.objects.new(name, data)
    mark_part(camera)
    collection.objects.link(camera)
    if clip.camera_trajectory is not None:
        mount = bpy.data.objects.new(f"{name} Mount", None)
        mount.empty_display_size = 0.3
        mark_part(mount)
        collection.objects.link(mount)
        camera.parent = mount
    set_camera(camera, clip, placement, start_frame)
    return camera


def set_camera(
    camera: bpy.types.Object,
    clip: MotionClip,
    placement: WorldPlacement,
    start_frame: int,
    moved: Matrix | None = None,
) -> None:
    """Give a camera that `build_camera` made the projection, the place and the path of a clip's camera.

    Args:
        moved: how the clip was moved since the import, for a camera of an older version, which has no record of its
            place. Default: not at all.
    """
    data = data_of(camera, bpy.types.Camera)
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = SENSOR_WIDTH
    data.sensor_height = SENSOR_WIDTH * clip.height / clip.width
    data.lens = clip.focal_length * SENSOR_WIDTH / clip.width
    center_x, center_y = (float(value) for value in clip.principal_point)
    data.shift_x = ((clip.width - 1) / 2 - center_x) / clip.width
    data.shift_y = (center_y - (clip.height - 1) / 2) / clip.width
    farthest = max((float(np.linalg.norm(person.trans, axis=1).max()) for person in clip.people), default=0.0)
    data.clip_end = max(MIN_CLIP_END, 2 * farthest)
    if clip.camera_trajectory is None:
        _place(camera, Matrix(placement.camera_matrix().tolist()), moved)
        return
    if camera.parent is not None and is_part(camera.parent):  # not an object of the user
        _place(camera.parent, Matrix(placement.matrix().tolist()), moved)
    key_trajectory(camera, clip.camera_trajectory, start_frame)


def _place(obj: bpy.types.Object, placement: Matrix, moved: Matrix | None) -> None:
    """Place an object; if the user has moved it, by hand or with the floor, move it as much from the new placement."""
    before = _matrix(obj.get(_PLACEMENT))
    if before is not None:
        moved = obj.matrix_world @ before.inverted()
    obj.matrix_world = placement if moved is None else moved @ placement
    obj[_PLACEMENT] = np.array(placement).ravel().tolist()


def _matrix(record: Any) -> Matrix | None:
    """The matrix of a custom property; None if it is not one that can be inverted."""
    try:
        numbers = np.array(record, float).reshape(4, 4)
    except (TypeError, ValueError):
        return None
    is_usable = np.isfinite(numbers).all() and abs(np.linalg.det(numbers)) > 1e-9
    return Matrix(numbers.tolist()) if is_usable else None


def key_trajectory(camera: bpy.types.Object, trajectory: CameraTrajectory, start_frame: int) -> None:
    """Key a camera on every frame. Its parent is the clip's camera frame, and its lens the clip's focal length."""
    rotations = axis_angle_to_matrix(trajectory.rotation_vectors).transpose(0, 2, 1) @ CAMERA_OBJECT_TO_OPENCV
    quaternions = continuous_quaternions(matrix_to_quaternion(rotations))
    camera.rotation_mode = "QUATERNION"
    _, channels = motion_action(camera, f"{camera.name} Path")
    remove_curves(channels, ("rotation_quaternion", "location"))
    frames = start_frame + trajectory.first_frame + np.arange(len(quaternions))
    write_curves(channels, "Path", "rotation_quaternion", frames, quaternions)
    if trajectory.has_translation:
        write_curves(channels, "Path", "location", frames, trajectory.positions)
    if trajectory.has_zoom:
        data = data_of(camera, bpy.types.Camera)
        _, channels = motion_action(data, f"{camera.name} Zoom")
        remove_curves(channels, ("lens",))
        write_curves(channels, "Zoom", "lens", frames, data.lens * trajectory.zoom_factors[:, None])


def add_video_background(
    camera: bpy.types.Object,
    video: Path,
    start_frame: int,
    opacity: float = 1.0,
    speed: float = 1.0,
    fps: float | None = None,
) -> None:
    """Show the video behind the scene when looking through the camera, from `start_frame` on.

    It is added as an image, not as a movie clip: Blender opens an image only when it is drawn, and can play it at any
    speed. If the camera has it already, only its frames and its orientation are set.

    Args:
        camera: the camera object.
        video: path of the video.
        start_frame: the scene frame of the video's first frame.
        opacity: 0 to 1.
        speed: frames of the clip per scene frame.
        fps: frames per second of the clip. Default: those of the file, as far as they are known without the engine.

    Raises:
        TarError: the file is missing, or Blender cannot read it.
    """
    if not video.is_file():
        raise TarError(f"{video}: no such video, so the camera has no background; move the video back and re-import")
    try:
        info = read_video_info(video)
    except TarError as error:
        raise TarError(f"the camera has no background: {error}") from error
    data = data_of(camera, bpy.types.Camera)
    index = _background_of(data, video)
    if index is None:
        index = len(data.background_images)
        background = data.background_images.new()
        background.source = "IMAGE"
        background.image = load_image(video)
        mark_part(background.image)
        background.alpha = opacity
        background.display_depth = "BACK"
    background = data.background_images[index]
    background.show_background_image = True
    counted = info.blender_fps / (fps or info.fps)
    user = background.image_user
    user.frame_start = start_frame
    user.frame_duration = ceil((info.blender_frames - 1) / (speed * counted)) + 1
    user.use_auto_refresh = True
    _choose_frames(data, index, speed, counted)
    background.frame_method = "STRETCH"
    background.use_flip_y = info.orientation.upside_down
    background.rotation = -radians(info.orientation.turn)
    if info.orientation.transposed:  # Blender would stretch the frame before it rotates it
        background.frame_method = "FIT"
        background.scale = max(info.width, info.height) / min(info.width, info.height)
    data.show_background_images = True


def hide_video_background(camera: bpy.types.Object, video: Path) -> None:
    """Hide the background that `add_video_background` made."""
    data = data_of(camera, bpy.types.Camera)
    index = _background_of(data, video)
    if index is not None:
        data.background_images[index].show_background_image = False


def _background_of(data: bpy.types.Camera, video: Path) -> int | None:
    """The number of the background image that shows a video."""
    for index, background in enumerate(data.background_images):
        image = background.image
        if image is not None and bpy.path.abspath(image.filepath) == str(video.resolve()):
            return index
    return None


def _choose_frames(data: bpy.types.Camera, index: int, speed: float, counted: float) -> None:
    """Choose the frames of a background, with a driver whose expression needs no permission to run scripts.

    Args:
        speed: frames of the clip per scene frame.
        counted: frames that Blender counts in the file per frame of the clip; other than 1 at a variable rate.
    """
    user = data.background_images[index].image_user
    path = f"background_images[{index}].image_user.frame_offset"
    data.driver_remove(path)
    user.frame_offset = 0
    is_counted_alike = abs(counted - 1) <= SAME_RATE
    if speed == 1 and is_counted_alike:
        return
    driver = add_driver(data, path)
    driver.type = "SCRIPTED"
    elapsed = f"min(max(frame - {user.frame_start}, 0), {user.frame_duration - 1})"
    shown = elapsed if speed == 1 else f"floor({elapsed} * {speed!r} + {_ROUNDING})"
    if not is_counted_alike:
        shown = f"floor(({shown} + 0.5) * {counted!r})"  # see VideoInfo.in_blender
    driver.expression = f"{shown} - {elapsed}"


def match_render(scene: bpy.types.Scene, clip: MotionClip) -> None:
    """Set the scene's resolution to that of the video, with square pixels."""
    scene.render.resolution_x = clip.width
    scene.render.resolution_y = clip.height
    scene.render.resolution_percentage = 100
    scene.render.pixel_aspect_x = scene.render.pixel_aspect_y = 1.0
