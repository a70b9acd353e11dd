"""The people and the shots that a scan detected in the video, to select from before an import."""

import contextlib
import json
from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews
import numpy as np
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, StringProperty

from tar_core.errors import TarError
from tar_core.people.selection import THUMBNAIL_SIZE, DetectedPerson, Scan, bystander_reasons
from tar_core.shots import Shot

from ..scene.frame_rate import frame_rate
from ..scene.metadata import last_color
from ..scene.scene_settings import keeps_frame_rate
from ..util.blender_types import scene_of, tag_redraw
from ..util.person_colors import person_color
from ..util.registration import Pointer, registration
from ..util.video_info import read_video_info

ALL_SHOTS = "all"

_OUTLINE = 5  # pixels of a portrait, in the person's color

_portraits: Any = None  # Blender's preview collection, from `register` to `unregister`
_scan: Scan | None = None  # of the list
_shot_items: list[tuple[str, str, str]] = []  # Blender does not keep the texts of an enumeration's items


def _show_selection(person: "TARDetectedPerson", context: bpy.types.Context) -> None:
    """Show the selection in the viewport."""
    context.window_manager.tar_detected.shows_boxes = True
    tag_redraw(context, "VIEW_3D")


class TARDetectedPerson(bpy.types.PropertyGroup):
    """A detected person.

    Attributes:
        person_id: the ID that the tracker gave the person.
        selected: whether to import the person.
        first_frame: first video frame in which the person was detected.
        last_frame: last video frame in which the person was detected.
        reason: why the person is probably a bystander; empty if not.
        job_entry: `DetectedPerson.to_job` as JSON.
    """

    person_id: IntProperty()
    selected: BoolProperty(
        name="Import", description="Import this person's motion", default=True, update=_show_selection
    )
    first_frame: IntProperty()
    last_frame: IntProperty()
    reason: StringProperty()
    job_entry: StringProperty()


class TARDetectedShot(bpy.types.PropertyGroup):
    """A shot of the video, with its first and its last video frame."""

    number: IntProperty()
    first_frame: IntProperty()
    last_frame: IntProperty()


def _list_shots(detected: "TARDetectedPeople", context: bpy.types.Context) -> list[tuple[str, str, str]]:
    """The items of the property `shot`."""
    _shot_items[:] = [(ALL_SHOTS, "All Shots", "Import all shots, each with a camera of its own")]
    for shot in detected.shots:
        frames = frames_text(context, detected, shot)
        _shot_items.append((str(shot.number), f"Shot {shot.number}: {frames}", f"Import frames {frames} only"))
    return _shot_items


class TARDetectedPeople(bpy.types.PropertyGroup):
    """The result of the last scan; in the window manager, so it is not saved.

    Attributes:
        video: absolute path of the video.
        first_frame: first video frame that was scanned.
        people: the detected people.
        shots: the shots of the video.
        shot: number of the shot to import, or ALL_SHOTS.
        used_colors: the highest number of a color of the people in the file, from which those of an import go on.
        shows_boxes: whether the people are marked in the viewport: until they are imported, or selected again.
    """

    video: StringProperty()
    first_frame: IntProperty()
    used_colors: IntProperty()
    shows_boxes: BoolProperty()
    people: CollectionProperty(type=TARDetectedPerson)
    shots: CollectionProperty(type=TARDetectedShot)
    shot: EnumProperty(
        name="Shot", description="Part of the video between two camera cuts to import", items=_list_shots
    )


def show_detected(context: bpy.types.Context, video: str, first_frame: int, scan: Scan) -> None:
    """Fill the lists with the people detected in a video, all but bystanders selected, and with its shots.

    Args:
        first_frame: first video frame that was scanned.
    """
    global _scan
    _scan = scan
    detected = context.window_manager.tar_detected
    detected.video, detected.first_frame, detected.used_colors = video, first_frame, last_color()
    detected.shots.clear()
    for shot in scan.shots:
        item = detected.shots.add()
        item.number, item.first_frame, item.last_frame = shot.number, shot.first, shot.last
    detected.shot = ALL_SHOTS
    detected.people.clear()
    _portraits.clear()
    for person, reason in zip(scan.people, bystander_reasons(scan.people), strict=True):
        row = detected.people.add()
        row.person_id, row.first_frame, row.last_frame = person.person_id, person.first_frame, person.last_frame
        row.reason, row.selected = reason, not reason
        row.job_entry = json.dumps(person.to_job(True))
        _load_portrait(person, detected.used_colors + person.person_id)
    detected.shows_boxes = True


def picked_scan(context: bpy.types.Context) -> Scan | None:
    """The scan from which people are being picked; None if the list is not shown, or the people were imported."""
    settings: Any = scene_of(context).tar_settings  # type: ignore[attr-defined]
    detected = context.window_manager.tar_detected
    is_listed = settings.people == "picked" and settings.video and detected.video == str(settings.video_path)
    return _scan if is_listed and detected.people and detected.shows_boxes else None


def selection_for_job(context: bpy.types.Context, video: str) -> list[dict[str, Any]]:
    """Return the entries of a job for all detected people, selected or not.

    Raises:
        TarError: the video was not scanned, or no person is selected.
    """
    detected = context.window_manager.tar_detected
    if detected.video != video or not detected.people:
        raise TarError("this video was not scanned for people; press Find People, or set People to Everyone")
    if not any(person.selected for person in detected.people):
        raise TarError("no person is selected; select at least one under People")
    return [json.loads(person.job_entry) | {"wanted": person.selected} for person in detected.people]


def frames_text(
    context: bpy.types.Context, detected: TARDetectedPeople, part: TARDetectedPerson | TARDetectedShot
) -> str:
    """The first and the last frame of a person or a shot, as the scene will count them."""
    start = scene_of(context).tar_settings.start_frame  # type: ignore[attr-defined]
    frames = Shot(1, part.first_frame, part.last_frame).resampled(_speed(context, detected))
    return f"{start + frames.first} to {start + frames.last}"


def shown_frame(context: bpy.types.Context, detected: TARDetectedPeople) -> float:
    """The video frame of the current frame of the scene."""
    scene = scene_of(context)
    start = scene.tar_settings.start_frame  # type: ignore[attr-defined]
    return float(scene.frame_current - start) / _speed(context, detected)


def _speed(context: bpy.types.Context, detected: TARDetectedPeople) -> float:
    """Scene frames per video frame after an import."""
    scene = scene_of(context)
    if keeps_frame_rate(scene, scene.tar_settings.timing):  # type: ignore[attr-defined]
        with contextlib.suppress(TarError):  # the video is gone, which the panel reports elsewhere
            return frame_rate(scene) / read_video_info(Path(detected.video)).fps
    return 1.0


def has_shots(context: bpy.types.Context, video: str) -> bool:
    """Whether a scan of this video has found several shots."""
    detected = context.window_manager.tar_detected
    return detected.video == video and len(detected.shots) > 1


def shot_for_job(context: bpy.types.Context, video: str, first_frame: int) -> int | None:
    """Return the number of the selected shot; None for all.

    Raises:
        TarError: the shots are counted from another frame.
    """
    detected = context.window_manager.tar_detected
    if not has_shots(context, video) or detected.shot == ALL_SHOTS:
        return None
    if detected.first_frame != first_frame:
        raise TarError("the video was scanned from another frame; press Find People again, or set Shot to All Shots")
    return int(detected.shot)


def portrait_icon(person: TARDetectedPerson) -> int:
    """Return the icon number of a person's portrait, for layouts."""
    return int(_portraits[str(person.person_id)].icon_id)


def _load_portrait(person: DetectedPerson, color: int) -> None:
    """Load the thumbnail of a person, in the middle of a transparent square and with an outline of a color."""
    size = THUMBNAIL_SIZE
    image = person.thumbnail[:size, :size]
    height, width = image.shape[:2]
    top, left = (size - height) // 2, (size - width) // 2
    pixels = np.zeros((size, size, 4), np.float32)
    pixels[top : top + height, left : left + width] = person_color(color)
    inside = image[_OUTLINE:-_OUTLINE, _OUTLINE:-_OUTLINE]
    top, left = top + _OUTLINE, left + _OUTLINE
    pixels[top : top + inside.shape[0], left : left + inside.shape[1], :3] = inside / 255
    preview = _portraits.new(str(person.person_id))
    preview.image_size = size, size
    preview.image_pixels_float.foreach_set(pixels[::-1].ravel())  # Blender's images have the bottom row first


_register, _unregister = registration(
    (TARDetectedPerson, TARDetectedShot, TARDetectedPeople),
    (Pointer(bpy.types.WindowManager, "tar_detected", TARDetectedPeople),),
)


def register() -> None:
    global _portraits
    _portraits = bpy.utils.previews.new()
    _register()


def unregister() -> None:
    global _portraits, _scan
    _unregister()
    bpy.utils.previews.remove(_portraits)
    _portraits = _scan = None
