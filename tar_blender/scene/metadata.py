"""Who was imported: what marks their objects in the file, and what the people list does with them.

The marks are custom properties, so they are saved, copied and undone with the objects, with or without the add-on.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import bpy

from tar_core.cleanup.uncertainty import UncertainRange

_PERSON = "tar_person"
_CLIP = "tar_clip"
_DOUBTS = "tar_doubts"
_FLOOR = "tar_floor"


@dataclass(frozen=True)
class ClipRecord:
    """What a clip's collection remembers of its import.

    Attributes:
        motion: the motion file that it was made from; empty if there is none.
        options: ImportOptions as a dictionary, for an import with other ones.
    """

    motion: str
    options: dict[str, Any]


def mark_person(armature: bpy.types.Object, person_id: int) -> None:
    armature[_PERSON] = person_id


def mark_uncertain_ranges(
    armature: bpy.types.Object, uncertain_ranges: Sequence[UncertainRange], start_frame: int
) -> None:
    """Remembers what an animator should look at; `start_frame` is the scene frame of the clip's frame 0."""
    marks = [(doubt.what, doubt.first + start_frame, doubt.last + start_frame) for doubt in uncertain_ranges]
    armature[_DOUBTS] = json.dumps(marks)


def uncertain_ranges_of(armature: bpy.types.Object) -> list[UncertainRange]:
    """As `mark_uncertain_ranges` left them, in scene frames."""
    return [UncertainRange(*mark) for mark in json.loads(armature.get(_DOUBTS, "[]"))]


def mark_clip(collection: bpy.types.Collection, record: ClipRecord) -> None:
    collection[_CLIP] = json.dumps(asdict(record))


def clip_record(collection: bpy.types.Collection) -> ClipRecord | None:
    """None where the collection is no imported clip."""
    text = collection.get(_CLIP)
    return ClipRecord(**json.loads(text)) if isinstance(text, str) else None


def mark_floor(collection: bpy.types.Collection, about: str) -> None:
    """Remembers what is known of the floor that the clip stands on."""
    collection[_FLOOR] = about


def about_floor(collection: bpy.types.Collection) -> str:
    return str(collection.get(_FLOOR, ""))


def imported_clips(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    """The scene's collections that hold an imported clip."""
    return [collection for collection in scene.collection.children_recursive if _CLIP in collection]


def people_of(collection: bpy.types.Collection) -> list[bpy.types.Object]:
    """The armatures of a clip's people, by their number."""
    armatures = [thing for thing in collection.all_objects if is_person(thing)]
    return sorted(armatures, key=person_id)


def is_person(thing: bpy.types.Object) -> bool:
    """Whether an object is an imported person's armature."""
    return thing.type == "ARMATURE" and _PERSON in thing


def person_id(armature: bpy.types.Object) -> int:
    return int(armature[_PERSON])


def camera_of(collection: bpy.types.Collection) -> bpy.types.Object | None:
    given = given_camera(collection)
    if given is not None:
        return bpy.data.objects.get(given)
    return next((thing for thing in collection.all_objects if thing.type == "CAMERA"), None)


def given_camera(collection: bpy.types.Collection) -> str | None:
    """The name of the user's own camera before which the clip was placed; None for a camera that the import made."""
    record = clip_record(collection)
    return None if record is None else record.options.get("camera")


def person_objects(armature: bpy.types.Object) -> list[bpy.types.Object]:
    """The armature and the body on it."""
    return [armature, *armature.children_recursive]


def set_hidden(armature: bpy.types.Object, hidden: bool) -> None:
    """Hides a person from viewport, by the outliner's eye: the keys of when they are in the video stay as they are."""
    for thing in person_objects(armature):
        thing.hide_set(hidden)


def delete_person(armature: bpy.types.Object) -> None:
    """Removes a person's objects and all that nobody else uses of what they are made of."""
    _remove(person_objects(armature))


def delete_clip(collection: bpy.types.Collection) -> None:
    """Removes a clip's collection with everything in it."""
    _remove(list(collection.all_objects))
    bpy.data.collections.remove(collection)


def _remove(objects: list[bpy.types.Object]) -> None:
    data = [part for thing in objects for part in _data_of(thing)]
    used_by_data = [part for thing in objects for part in _used_by_data_of(thing)]
    bpy.data.batch_remove(objects)
    for parts in (data, used_by_data):
        bpy.data.batch_remove([part for part in dict.fromkeys(parts) if part.users == 0])
    bpy.context.view_layer.update()  # else its list has holes until Blender gets round to it (5.2)


def _data_of(thing: bpy.types.Object) -> Iterator[bpy.types.ID]:
    if thing.animation_data and thing.animation_data.action:
        yield thing.animation_data.action
    if thing.data:
        yield thing.data


def _used_by_data_of(thing: bpy.types.Object) -> Iterator[bpy.types.ID]:
    if thing.type == "MESH":
        yield from filter(None, thing.data.materials)
    if thing.type == "CAMERA":
        if thing.data.animation_data and thing.data.animation_data.action:
            yield thing.data.animation_data.action
        for background in thing.data.background_images:
            if background.image is not None:
                yield background.image
