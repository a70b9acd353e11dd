"""The people whom a quick look found in the video, with a picture and a tick each, to choose from before an import."""

import json
from collections.abc import Sequence
from typing import Any

import bpy
import bpy.utils.previews
import numpy as np
from bpy.props import BoolProperty, CollectionProperty, IntProperty, PointerProperty, StringProperty

from tar_core.errors import TarError
from tar_core.people.selection import DetectedPerson

_portraits: bpy.utils.previews.ImagePreviewCollection | None = None  # lives from register to unregister


class TARFoundPerson(bpy.types.PropertyGroup):
    """One person of the look."""

    person: IntProperty()
    wanted: BoolProperty(name="Import", description="Import this person's motion", default=True)
    first: IntProperty()
    last: IntProperty()
    trace: StringProperty()  # DetectedPerson.to_job as JSON


class TARLook(bpy.types.PropertyGroup):
    """What the last look found; kept in the window manager, so it is not saved. `video`: its absolute path."""

    video: StringProperty()
    people: CollectionProperty(type=TARFoundPerson)


def show_detected(context: bpy.types.Context, video: str, found: Sequence[DetectedPerson]) -> None:
    """Fills the list with the people of a video, all ticked."""
    look = context.window_manager.tar_look
    look.video = video
    look.people.clear()
    _portraits.clear()
    for person in found:
        row = look.people.add()
        row.person, row.first, row.last = person.person_id, person.first_frame, person.last_frame
        row.trace = json.dumps(person.to_job(True))
        _load_portrait(str(person.person_id), person.thumbnail)


def selection_traces(context: bpy.types.Context, video: str) -> list[dict[str, Any]]:
    """What a job says of everybody found, the unticked included.

    Raises:
        TarError: nobody was looked for in this video, or nobody is ticked.
    """
    look = context.window_manager.tar_look
    if look.video != video or not look.people:
        raise TarError("nobody was looked for in this video yet; press Find People, or choose Everyone under People")
    if not any(person.wanted for person in look.people):
        raise TarError("nobody is ticked; tick at least one person under People")
    return [json.loads(person.trace) | {"wanted": person.wanted} for person in look.people]


def portrait_icon(person: TARFoundPerson) -> int:
    """The number by which layouts know the person's picture."""
    return _portraits[str(person.person)].icon_id


def _load_portrait(name: str, picture: np.ndarray) -> None:
    """Pixels [H, W, 3] uint8 with the first row at the top; Blender wants it at the bottom."""
    preview = _portraits.new(name)
    preview.image_size = picture.shape[1::-1]
    pixels = np.ones((*picture.shape[:2], 4), np.float32)
    pixels[..., :3] = picture[::-1] / 255
    preview.image_pixels_float.foreach_set(pixels.ravel())


_CLASSES = (TARFoundPerson, TARLook)


def register() -> None:
    global _portraits
    _portraits = bpy.utils.previews.new()
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.WindowManager.tar_look = PointerProperty(type=TARLook)


def unregister() -> None:
    global _portraits
    del bpy.types.WindowManager.tar_look
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
    bpy.utils.previews.remove(_portraits)
    _portraits = None
