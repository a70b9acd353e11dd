"""Frame rate, range, resolution and active camera of a scene: those of the video, unless the scene is in use."""

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

from tar_core.motion import MotionClip

from .camera import SAME_RATE, match_render
from .frame_rate import frame_rate, set_frame_rate
from .metadata import key_rate
from .options import ImportOptions
from .sound import has_strips

_DEFAULT_RATE = 24.0
_STARTUP_CUBE, _CORNERS = "Cube", 8  # name and vertices of the cube in Blender's startup file
_CUBE_REACH = 1.5  # meters around the origin, within which the cube is in the way of a camera
_DEFAULT_CAMERA = (7.3589, -6.9258, 4.9583)  # location of the camera in Blender's startup file, meters


def is_in_use(scene: bpy.types.Scene) -> bool:
    """Whether a scene has animation, markers, strips, or a camera other than that of Blender's startup file."""
    has_marks = bool(scene.timeline_markers) or has_strips(scene)
    return has_marks or any(_is_animated_or_camera(obj) for obj in scene.objects)


def cube_in_the_way(scene: bpy.types.Scene, camera: bpy.types.Object | None) -> bpy.types.Object | None:
    """The cube of Blender's startup file, if it is as it was, shown, and around or below a camera."""
    objects: Any = scene.objects  # the stubs declare the result of `get` as None
    cube = objects.get(_STARTUP_CUBE)
    if cube is None or camera is None or not isinstance(cube.data, bpy.types.Mesh) or not cube.visible_get():
        return None
    is_changed = bool(cube.modifiers or cube.animation_data or cube.parent or len(cube.data.vertices) != _CORNERS)
    is_there = np.allclose(np.array(cube.matrix_world), np.eye(4), atol=1e-3)
    is_near = bool(np.linalg.norm(np.array(camera.matrix_world.translation)[:2]) < _CUBE_REACH)
    return cube if not is_changed and is_there and is_near else None


def keeps_frame_rate(scene: bpy.types.Scene, timing: str) -> bool:
    """Whether an import resamples the motion to the frame rate of the scene.

    Args:
        timing: the option of this name.
    """
    if timing == "auto":
        return is_in_use(scene) or abs(frame_rate(scene) - _DEFAULT_RATE) > 1e-3
    return timing == "scene"


def resampling_rate(scene: bpy.types.Scene, options: ImportOptions) -> float | None:
    """The frame rate to which an import resamples the motion; None to keep that of the video.

    A camera of the user that filmed the video has the keys of one video frame in one scene frame, at any frame rate.
    """
    is_per_frame = options.camera is not None and options.timing == "auto"
    return None if is_per_frame or not keeps_frame_rate(scene, options.timing) else frame_rate(scene)


def update_rate(scene: bpy.types.Scene, clip: bpy.types.Collection, options: ImportOptions) -> tuple[float | None, str]:
    """The frame rate to which a new import of a clip resamples its motion, as `resampling_rate`.

    Returns:
        The rate. If the clip is also in a scene of another frame rate, it stays as it is keyed, and a warning says so.
    """
    rates = {other: frame_rate(other) for other in bpy.data.scenes if clip in other.collection.children_recursive}
    other = next((name for name in rates if abs(rates[name] / frame_rate(scene) - 1) > SAME_RATE), None)
    rate = key_rate(clip)
    if other is None or rate is None:
        return resampling_rate(scene, options), ""
    return rate, (
        f"{clip.name} stays keyed for {rate:.5g} frames per second, because it is also in the scene {other.name} with "
        f"{rates[other]:.5g}; give both scenes the same frame rate and re-import"
    )


def video_frames_per_frame(fps: float, rate: float | None) -> float:
    """Frames of a video of some frame rate in one frame of motion that is resampled to a rate (None: it is not)."""
    return 1.0 if rate is None or abs(fps / rate - 1) < SAME_RATE else fps / rate


def adapt_scene(
    scene: bpy.types.Scene, clips: Sequence[MotionClip], camera: bpy.types.Object, options: ImportOptions, in_use: bool
) -> str:
    """Adapt a scene to imported clips; one that is in use keeps its frame range, resolution and camera.

    Args:
        clips: the motion in the scene.
        camera: to become the active one.
        in_use: whether the scene was in use before the import.

    Returns:
        What was changed or kept, for the user.
    """
    first = options.start_frame + min(clip.first_frame for clip in clips)
    last = options.start_frame + max(clip.last_frame for clip in clips)
    set_frame_rate(scene, clips[0].fps)  # unchanged if the motion was resampled
    if not in_use:
        scene.camera = camera
        scene.frame_start, scene.frame_end = first, last
        if options.match_resolution:
            match_render(scene, clips[0])
        scene.frame_set(first)
        return f"Scene set to {_rate_text(scene)}, frames {first} to {last}{_size_text(scene, options)}"
    scene.camera = scene.camera or camera
    scene.frame_set(scene.frame_current)
    text = f"The scene is in use: its frame range, resolution and camera are kept; {_rate_text(scene)}"
    if first < scene.frame_start or last > scene.frame_end:
        text += f"; the motion is at frames {first} to {last}"
    return text


def _is_animated_or_camera(obj: bpy.types.Object) -> bool:
    """Whether an object is animated, or is a camera other than that of the startup file."""
    for owner in (obj, obj.data):
        animation = getattr(owner, "animation_data", None)
        if animation is not None and (animation.action or animation.nla_tracks or animation.drivers):
            return True
    return obj.type == "CAMERA" and not np.allclose(np.array(obj.location), _DEFAULT_CAMERA, atol=1e-3)


def _rate_text(scene: bpy.types.Scene) -> str:
    return f"{frame_rate(scene):.5g} frames per second"


def _size_text(scene: bpy.types.Scene, options: ImportOptions) -> str:
    return f", {scene.render.resolution_x} x {scene.render.resolution_y} pixels" if options.match_resolution else ""
