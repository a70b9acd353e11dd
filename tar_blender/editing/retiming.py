"""Another frame rate for imported clips, with keys on whole frames: the motion keeps its speed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from tar_core.cleanup.uncertainty import UncertainRange
from tar_core.errors import TarError

from ..scene.camera import add_video_background
from ..scene.fcurves import LINEAR, Animated, curves_of
from ..scene.frame_rate import set_frame_rate
from ..scene.keyframes import hide_absent_people, is_hidden_when_absent
from ..scene.layers import is_layered
from ..scene.markers import move_markers
from ..scene.metadata import (
    camera_of,
    check_local,
    clip_record,
    implausible_ranges_of,
    imported_clips,
    is_part,
    key_rate,
    mark_implausible_ranges,
    mark_key_rate,
    mark_uncertain_ranges,
    objects_of,
    people_of,
    people_of_video,
    uncertain_ranges_of,
)
from ..scene.sound import retime_sound
from ..util.blender_types import data_of
from ..util.video_info import read_video_info


@dataclass(frozen=True)
class FrameMap:
    """The frames of a scene at another frame rate.

    Attributes:
        start: the frame that stays.
        ratio: new frames per frame.
    """

    start: int
    ratio: float

    def new(self, frames: Any) -> Any:
        return self.start + (frames - self.start) * self.ratio

    def old(self, frames: Any) -> Any:
        return self.start + (frames - self.start) / self.ratio


def bake_frame_rate(scene: bpy.types.Scene, keyed_fps: float, fps: float) -> list[str]:
    """Set the frame rate of a scene and key its imported clips on the whole frames of this rate.

    Motion that is keyed on every frame is keyed on every frame again; other keys move to the nearest frame. What was
    not imported keeps its keys.

    Args:
        keyed_fps: the frame rate for which the first clip is keyed. The rates of the others are to it as the recorded
            rates are.
        fps: the new frame rate.

    Returns:
        Warnings.

    Raises:
        TarError: there is no clip, or one is linked or has layers. Nothing has changed then.
    """
    clips = imported_clips(scene)
    if not clips:
        raise TarError("the scene has no imported clip")
    for clip in clips:
        check_local(clip)
        layered = next(filter(is_layered, people_of(clip)), None)
        if layered is not None:
            raise TarError(f"{layered.name} has layers; merge them first")
    maps = {clip: FrameMap(_start_frame(clip), fps / (keyed_fps * _relative_rate(clip, clips[0]))) for clip in clips}
    hidden = {clip: [person for person in people_of(clip) if is_hidden_when_absent(person)] for clip in clips}
    warnings = [warning for clip in clips for warning in _bake_clip(clip, maps[clip], fps)]
    for clip in clips:
        hide_absent_people(hidden[clip], people_of_video(clip))
    scene_map = maps[clips[0]]
    scene.frame_start, scene.frame_end = round(scene_map.new(scene.frame_start)), round(scene_map.new(scene.frame_end))
    set_frame_rate(scene, fps)
    for clip in clips:
        retime_sound(scene, clip, maps[clip].ratio)
    scene.frame_set(round(scene_map.new(scene.frame_current)))
    imported = {obj for clip in clips for obj in objects_of(clip) if is_part(obj)}
    others = [obj for obj in scene.objects if curves_of(obj) and obj not in imported]
    warnings += [
        f"{clip.name} is also in the scene {other.name}, which keeps its frame rate; set it to {fps:.5g} as well"
        for clip in clips
        for other in bpy.data.scenes
        if other != scene and clip in other.collection.children_recursive
    ]
    if others:
        warnings.append(f"{others[0].name} and other objects of yours keep their keys, so they move at another speed")
    return warnings


def _relative_rate(clip: bpy.types.Collection, other: bpy.types.Collection) -> float:
    """The frame rate for which a clip is keyed, divided by that of another clip; 1 if one of them is not known."""
    rates = key_rate(clip), key_rate(other)
    return 1.0 if rates[0] is None or rates[1] is None else rates[0] / rates[1]


def _start_frame(clip: bpy.types.Collection) -> int:
    record = clip_record(clip)
    start = record.options.get("start_frame", 1) if record else 1
    return start if isinstance(start, int) else 1


def _bake_clip(clip: bpy.types.Collection, frames: FrameMap, fps: float) -> list[str]:
    for owner in _animated(clip):
        for curve in curves_of(owner):
            retime(curve, frames)
    for armature in people_of(clip):
        mark_uncertain_ranges(armature, [_moved(each, frames) for each in uncertain_ranges_of(armature)], 0)
        implausible = implausible_ranges_of(armature)
        if implausible is not None:
            mark_implausible_ranges(armature, [_moved(each, frames) for each in implausible], 0)
    mark_key_rate(clip, fps)
    move_markers(clip, lambda frame: round(frames.new(frame)))
    return _show_background(clip, frames, fps)


def _animated(clip: bpy.types.Collection) -> Iterator[Animated]:
    """The people of a clip, and the camera that the import made."""
    yield from people_of(clip)
    camera = camera_of(clip)
    if camera is not None and is_part(camera):
        yield camera
        yield data_of(camera, bpy.types.Camera)


def _moved(found: UncertainRange, frames: FrameMap) -> UncertainRange:
    return replace(found, first=round(frames.new(found.first)), last=round(frames.new(found.last)))


def _show_background(clip: bpy.types.Collection, frames: FrameMap, fps: float) -> list[str]:
    """Play the video behind the camera at the new frame rate. Returns a warning if that fails."""
    camera = camera_of(clip)
    if camera is None or not is_part(camera):
        return []
    for background in data_of(camera, bpy.types.Camera).background_images:
        if background.image is None or not is_part(background.image) or not background.show_background_image:
            continue
        video = Path(bpy.path.abspath(background.image.filepath))
        try:
            speed = round(read_video_info(video).fps / fps, 6)
            add_video_background(camera, video, frames.start, speed=speed)
        except TarError as error:
            return [str(error)]
    return []


def retime(curve: bpy.types.FCurve, frames: FrameMap) -> None:
    """Move the keys of a curve to whole frames of another frame rate."""
    points = curve.keyframe_points
    times = np.empty(2 * len(points), np.float32)
    points.foreach_get("co", times)
    times = times[::2].astype(float)
    if len(times) > 2 and np.allclose(np.diff(times), 1, atol=1e-3):
        new = np.arange(round(frames.new(times[0])), round(frames.new(times[-1])) + 1)
        values = [curve.evaluate(time) for time in frames.old(new).tolist()]
        points.clear()
        points.add(len(new))
        points.foreach_set("co", np.stack([new, values], 1).astype(np.float32).ravel())
        points.foreach_set("interpolation", np.full(len(new), LINEAR, np.uint8))
    else:
        for point in points:
            key = round(frames.new(point.co.x))
            for handle in (point.handle_left, point.handle_right):
                handle.x = key + (handle.x - point.co.x) * frames.ratio
            point.co.x = key
        points.deduplicate()
    curve.update()
