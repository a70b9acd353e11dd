"""The people that a scan detected in the video, with portraits and checkboxes, to select from before an import."""

import json
from collections.abc import Sequence
from typing import Any

import bpy
import bpy.utils.previews
import numpy as np
from bpy.props import BoolProperty, CollectionProperty, IntProperty, StringProperty

from tar_core.errors import TarError
from tar_core.people.selection import DetectedPerson

from ..util.registration import Pointer, registration

_portraits: Any = None  # Blender's preview collection, from `register` to `unregister`


class TARDetectedPerson(bpy.types.PropertyGroup):
    """A detected person.

    Attributes:
        person_id: the ID that the tracker gave the person.
        selected: whether to import the person.
        first_frame: first video frame in which the person was detected.
        last_frame: last video frame in which the person was detected.
        job_entry: `DetectedPerson.to_job` as JSON.
    """

    person_id: IntProperty()
    selected: BoolProperty(name="Import", description="Import this person's motion", default=True)
    first_frame: IntProperty()
    last_frame: IntProperty()
    job_entry: StringProperty()


class TARDetectedPeople(bpy.types.PropertyGroup):
    """The result of the last scan; in the window manager, so it is not saved.

    Attributes:
        video: absolute path of the video.
        people: the detected people.
    """

    video: StringProperty()
    people: CollectionProperty(type=TARDetectedPerson)


def show_detected(context: bpy.types.Context, video: str, people: Sequence[DetectedPerson]) -> None:
    """Fill the list with the people detected in a video, all selected."""
    detected = context.window_manager.tar_detected
    detected.video = video
    detected.people.clear()
    _portraits.clear()
    for person in people:
        row = detected.people.add()
        row.person_id, row.first_frame, row.last_frame = person.person_id, person.first_frame, person.last_frame
        row.job_entry = json.dumps(person.to_job(True))
        _load_portrait(str(person.person_id), person.thumbnail)


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


def portrait_icon(person: TARDetectedPerson) -> int:
    """Return the icon number of a person's portrait, for layouts."""
    return int(_portraits[str(person.person_id)].icon_id)


def _load_portrait(name: str, image: np.ndarray) -> None:
    """Load pixels [H, W, 3] uint8, top row first; Blender's images have the bottom row first."""
    preview = _portraits.new(name)
    preview.image_size = image.shape[1::-1]
    pixels = np.ones((*image.shape[:2], 4), np.float32)
    pixels[..., :3] = image[::-1] / 255
    preview.image_pixels_float.foreach_set(pixels.ravel())


_register, _unregister = registration(
    (TARDetectedPerson, TARDetectedPeople), (Pointer(bpy.types.WindowManager, "tar_detected", TARDetectedPeople),)
)


def register() -> None:
    global _portraits
    _portraits = bpy.utils.previews.new()
    _register()


def unregister() -> None:
    global _portraits
    _unregister()
    bpy.utils.previews.remove(_portraits)
    _portraits = None
