"""Imported clips and people in the file: what is recorded about them, and the operations of the people list.

The records are custom properties of the objects and collections. They are saved, copied and undone with them, also if
the add-on is disabled.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import bpy

from tar_core.cleanup.uncertainty import UncertainRange

from ..util.blender_types import find_object, view_layer_of

# Names of custom properties in saved files: never change them.
_PERSON = "tar_person"
_CLIP = "tar_clip"
_UNCERTAIN_RANGES = "tar_doubts"
_IMPLAUSIBLE_RANGES = "tar_implausible"
_FLOOR = "tar_floor"
_LENS = "tar_lens"


@dataclass(frozen=True)
class ClipRecord:
    """How a clip was imported, for importing it again with other options.

    Attributes:
        motion: path of the motion file; empty if there is none.
        options: ImportOptions as a dictionary.
    """

    motion: str
    options: dict[str, Any]


def mark_person(armature: bpy.types.Object, person_id: int) -> None:
    """Record that an armature is an imported person."""
    armature[_PERSON] = person_id


def mark_uncertain_ranges(
    armature: bpy.types.Object, uncertain_ranges: Sequence[UncertainRange], start_frame: int
) -> None:
    """Record the uncertain ranges of a person's motion; `start_frame` is the scene frame of the clip's frame 0."""
    armature[_UNCERTAIN_RANGES] = _ranges_to_json(uncertain_ranges, start_frame)


def uncertain_ranges_of(armature: bpy.types.Object) -> list[UncertainRange]:
    """Return the recorded uncertain ranges, in scene frames."""
    return _ranges_from_json(armature.get(_UNCERTAIN_RANGES, "[]"))


def mark_implausible_ranges(armature: bpy.types.Object, ranges: Sequence[UncertainRange], start_frame: int) -> None:
    """Record the ranges in which a person's motion is implausible; for `start_frame` see `mark_uncertain_ranges`."""
    armature[_IMPLAUSIBLE_RANGES] = _ranges_to_json(ranges, start_frame)


def implausible_ranges_of(armature: bpy.types.Object) -> list[UncertainRange] | None:
    """Return the recorded implausible ranges, in scene frames; None if the motion was not checked."""
    text = armature.get(_IMPLAUSIBLE_RANGES)
    return None if text is None else _ranges_from_json(text)


def _ranges_to_json(ranges: Sequence[UncertainRange], start_frame: int) -> str:
    return json.dumps([(found.what, found.first + start_frame, found.last + start_frame) for found in ranges])


def _ranges_from_json(text: str) -> list[UncertainRange]:
    return [UncertainRange(*mark) for mark in json.loads(text)]


def mark_clip(collection: bpy.types.Collection, record: ClipRecord) -> None:
    """Record that a collection is an imported clip."""
    collection[_CLIP] = json.dumps(asdict(record))


def clip_record(collection: bpy.types.Collection) -> ClipRecord | None:
    """Return how a clip was imported; None if the collection is not an imported clip."""
    text = collection.get(_CLIP)
    return ClipRecord(**json.loads(text)) if isinstance(text, str) else None


def mark_floor(collection: bpy.types.Collection, about: str) -> None:
    """Record a description of the clip's floor, for the panel."""
    collection[_FLOOR] = about


def about_floor(collection: bpy.types.Collection) -> str:
    """Return the description of the clip's floor; empty if there is none."""
    return str(collection.get(_FLOOR, ""))


def mark_lens(collection: bpy.types.Collection, about: str) -> None:
    """Record a description of the clip's focal length, for the panel."""
    collection[_LENS] = about


def about_lens(collection: bpy.types.Collection) -> str:
    """Return the description of the clip's focal length; empty if there is none."""
    return str(collection.get(_LENS, ""))


def imported_clips(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    """Return the scene's collections that are imported clips."""
    return [collection for collection in scene.collection.children_recursive if collection.get(_CLIP) is not None]


def people_of(collection: bpy.types.Collection) -> list[bpy.types.Object]:
    """Return the armatures of a clip's people, ordered by their IDs."""
    armatures = [obj for obj in collection.all_objects if is_person(obj)]
    return sorted(armatures, key=person_id)


def is_person(obj: bpy.types.Object) -> bool:
    """Check whether an object is an imported person's armature."""
    return obj.type == "ARMATURE" and obj.get(_PERSON) is not None


def person_id(armature: bpy.types.Object) -> int:
    """Return the ID that the tracker gave the person."""
    return int(armature[_PERSON])


def camera_of(collection: bpy.types.Collection) -> bpy.types.Object | None:
    """Return a clip's camera: the user's own if the clip was placed in its world, else the imported one."""
    given = given_camera(collection)
    if given is not None:
        return find_object(given)
    return next((obj for obj in collection.all_objects if obj.type == "CAMERA"), None)


def given_camera(collection: bpy.types.Collection) -> str | None:
    """Return the name of the user's camera in whose world the clip was placed; None if the import made the camera."""
    record = clip_record(collection)
    return None if record is None else record.options.get("camera")


def person_objects(armature: bpy.types.Object) -> list[bpy.types.Object]:
    """Return a person's armature and its children (the body)."""
    return [armature, *armature.children_recursive]


def set_hidden(armature: bpy.types.Object, hidden: bool) -> None:
    """Hide a person with the eye icon of the outliner; the visibility keys are kept."""
    for obj in person_objects(armature):
        obj.hide_set(hidden)


def delete_person(armature: bpy.types.Object) -> None:
    """Remove a person's objects, and the data that nothing else uses."""
    _remove(person_objects(armature))


def delete_clip(collection: bpy.types.Collection) -> None:
    """Remove a clip's collection with everything in it."""
    _remove(list(collection.all_objects))
    bpy.data.collections.remove(collection)


def _remove(objects: list[bpy.types.Object]) -> None:
    data = [part for obj in objects for part in _data_of(obj)]
    used_by_data = [part for obj in objects for part in _used_by_data_of(obj)]
    bpy.data.batch_remove(objects)
    for parts in (data, used_by_data):
        bpy.data.batch_remove([part for part in dict.fromkeys(parts) if part.users == 0])
    view_layer_of(bpy.context).update()  # otherwise Blender 5.2 keeps None in its list of objects for a while


def _data_of(obj: bpy.types.Object) -> Iterator[bpy.types.ID]:
    if obj.animation_data and obj.animation_data.action:
        yield obj.animation_data.action
    if obj.data:
        yield obj.data


def _used_by_data_of(obj: bpy.types.Object) -> Iterator[bpy.types.ID]:
    data = obj.data
    if isinstance(data, bpy.types.Mesh):
        yield from filter(None, data.materials)
    if isinstance(data, bpy.types.Camera):
        if data.animation_data and data.animation_data.action:
            yield data.animation_data.action
        for background in data.background_images:
            if background.image is not None:
                yield background.image
