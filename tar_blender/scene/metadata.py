"""Imported clips and people in the file: what is recorded about them.

The records are custom properties of the objects and collections. They are saved, copied and undone with them, also if
the add-on is disabled. A file may contain records that the add-on did not write: those of another form are ignored.
"""

import json
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import bpy

from tar_core.body.data import BodyData, load_body
from tar_core.cleanup.uncertainty import UncertainRange
from tar_core.edits import PersonEdits
from tar_core.errors import TarError, shown_text
from tar_core.motion_forms import MAX_FPS, MIN_FPS
from tar_core.option_fields import LARGEST_INTEGER

from ..util.blender_types import find_object
from .sound import SOUND

# Names of custom properties in saved files: never change them.
_PERSON = "tar_person"
_CLIP = "tar_clip"
_CLIP_ID = "tar_clip_id"  # of a clip and of its people, whom the user may move to other collections
_UNCERTAIN_RANGES = "tar_doubts"
_IMPLAUSIBLE_RANGES = "tar_implausible"
_FLOOR = "tar_floor"
_LENS = "tar_lens"
_EDITS = "tar_edits"
_KEY_RATE = "tar_key_rate"
_COLOR = "tar_color"
_BODY = "tar_body"
_PART = "tar_part"  # of data that an import made

# Names of objects, actions and materials that were made before parts were marked.
_OLDER_PARTS = re.compile(
    r"(Person \d+(\.\d+)? (Body|Motion)|TAR Camera( Mount)?(\.\d+)?( Path| Zoom)?|TAR Skin)(\.\d+)?"
)

_LONGEST_RECORD = 1_000_000  # characters


@dataclass(frozen=True)
class ClipRecord:
    """How a clip was imported, for importing it again with other options.

    Attributes:
        motion: path of the motion file; empty if there is none.
        options: ImportOptions as a dictionary.
        shot: number of the shot in the motion file; None if the file has one clip.
    """

    motion: str
    options: dict[str, Any]
    shot: int | None = None


def mark_person(armature: bpy.types.Object, person_id: int, color: int) -> None:
    """Record that an armature is an imported person, with a number of a color (`person_color`)."""
    armature[_PERSON] = person_id
    armature[_COLOR] = color


def mark_body(armature: bpy.types.Object, body: str) -> None:
    """Record the body of a person: "free", or the path of the user's body file."""
    armature[_BODY] = body


def body_of(armature: bpy.types.Object) -> BodyData:
    """Load the body of a person; the free body if there is no record, as in older files.

    Raises:
        TarError: the user's body file is missing or damaged.
    """
    record = _record(armature, _BODY) or "free"
    return load_body(None if record == "free" else record)


def color_of(armature: bpy.types.Object) -> int:
    """Return the number of a person's color."""
    color = _color(armature)
    return person_id(armature) if color is None else color  # in older files, there is no record


def last_color() -> int:
    """Return the highest number of a color of the people in the file; 0 if there are none."""
    return max((color_of(obj) for obj in bpy.data.objects if is_person(obj)), default=0)


def _color(armature: bpy.types.Object) -> int | None:
    color = armature.get(_COLOR)
    return color if type(color) is int else None


def mark_uncertain_ranges(
    armature: bpy.types.Object, uncertain_ranges: Sequence[UncertainRange], start_frame: int
) -> None:
    """Record the uncertain ranges of a person's motion; `start_frame` is the scene frame of the clip's frame 0."""
    armature[_UNCERTAIN_RANGES] = _ranges_to_json(uncertain_ranges, start_frame)


def uncertain_ranges_of(armature: bpy.types.Object) -> list[UncertainRange]:
    """Return the recorded uncertain ranges, in scene frames."""
    return list(_ranges_from_json(_record(armature, _UNCERTAIN_RANGES)) or ())


def mark_edits(armature: bpy.types.Object, edits: PersonEdits) -> None:
    """Record the user's edits of a person."""
    armature[_EDITS] = json.dumps(edits.to_json())


def edits_of(armature: bpy.types.Object) -> PersonEdits:
    """Return the user's edits of a person; none if there is no valid record."""
    return _edits_from_json(_record(armature, _EDITS)) or PersonEdits()


@lru_cache
def _edits_from_json(text: str) -> PersonEdits | None:
    """Parse edits; None if the text has another form."""
    try:
        return PersonEdits.from_json(_parsed(text)) if text else PersonEdits()
    except TarError:
        return None


def mark_implausible_ranges(armature: bpy.types.Object, ranges: Sequence[UncertainRange], start_frame: int) -> None:
    """Record the ranges in which a person's motion is implausible; for `start_frame` see `mark_uncertain_ranges`."""
    armature[_IMPLAUSIBLE_RANGES] = _ranges_to_json(ranges, start_frame)


def implausible_ranges_of(armature: bpy.types.Object) -> list[UncertainRange] | None:
    """Return the recorded implausible ranges, in scene frames; None if the motion was not checked."""
    ranges = _ranges_from_json(_record(armature, _IMPLAUSIBLE_RANGES))
    return None if ranges is None else list(ranges)


def _ranges_to_json(ranges: Sequence[UncertainRange], start_frame: int) -> str:
    return json.dumps([(found.what, found.first + start_frame, found.last + start_frame) for found in ranges])


@lru_cache
def _ranges_from_json(text: str) -> tuple[UncertainRange, ...] | None:
    """Parse ranges; None if the text has another form."""
    marks = _parsed(text)
    if not isinstance(marks, list):
        return None
    ranges = []
    for mark in marks:
        match mark:
            case [str(what), int(first), int(last)] if what and -LARGEST_INTEGER <= first <= last <= LARGEST_INTEGER:
                ranges.append(UncertainRange(shown_text(what), first, last))
            case _:
                return None
    return tuple(ranges)


def mark_clip(collection: bpy.types.Collection, record: ClipRecord) -> None:
    """Record that a collection is an imported clip, and that its people belong to it."""
    fields = asdict(record)
    if record.shot is None:
        del fields["shot"]  # which older versions do not know
    collection[_CLIP] = json.dumps(fields)
    collection[_CLIP_ID] = _record(collection, _CLIP_ID) or uuid.uuid4().hex
    for armature in people_of(collection):
        armature[_CLIP_ID] = collection[_CLIP_ID]


def clip_record(collection: bpy.types.Collection) -> ClipRecord | None:
    """Return how a clip was imported; None if the collection is not an imported clip."""
    match _parsed(_record(collection, _CLIP)):
        case {"motion": str(motion), "options": dict(options), "shot": int(shot), **rest} if not rest:
            return ClipRecord(motion, options, shot)
        case {"motion": str(motion), "options": dict(options), **rest} if not rest:
            return ClipRecord(motion, options)
    return None


def mark_floor(collection: bpy.types.Collection, about: str) -> None:
    """Record a description of the clip's floor, for the panel."""
    collection[_FLOOR] = about


def about_floor(collection: bpy.types.Collection) -> str:
    """Return the description of the clip's floor; empty if there is none."""
    return shown_text(_record(collection, _FLOOR))


def mark_lens(collection: bpy.types.Collection, about: str) -> None:
    """Record a description of the clip's focal length, for the panel."""
    collection[_LENS] = about


def about_lens(collection: bpy.types.Collection) -> str:
    """Return the description of the clip's focal length; empty if there is none."""
    return shown_text(_record(collection, _LENS))


def mark_key_rate(collection: bpy.types.Collection, fps: float) -> None:
    """Record for which frame rate the people of a clip are keyed."""
    collection[_KEY_RATE] = float(fps)


def key_rate(collection: bpy.types.Collection) -> float | None:
    """Return for which frame rate the people of a clip are keyed; None if it is not known, as in older files."""
    fps = collection.get(_KEY_RATE)
    return fps if isinstance(fps, float) and MIN_FPS <= fps <= MAX_FPS else None


def imported_clips(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    """Return the scene's collections that are imported clips."""
    return [collection for collection in scene.collection.children_recursive if collection.get(_CLIP) is not None]


def people_of(collection: bpy.types.Collection) -> list[bpy.types.Object]:
    """Return the armatures of a clip's people, ordered by their IDs, also of those in collections without a clip."""
    armatures = [obj for obj in collection.all_objects if is_person(obj)]
    clip_id = _record(collection, _CLIP_ID)
    others = [obj for obj in bpy.data.objects if clip_id and is_person(obj) and _record(obj, _CLIP_ID) == clip_id]
    # Those in a clip are its own, or those of a copy of it.
    moved = [obj for obj in others if obj not in armatures and obj.users_scene and not _is_in_clip(obj)]
    return sorted([*armatures, *moved], key=person_id)


def scene_people(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Return the armatures of all imported people in a scene, also of those that were appended without their clip."""
    return [obj for obj in scene.objects if is_person(obj)]


def people_without_clip(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Return the people in a scene that belong to none of its clips, as those that were appended alone."""
    people = scene_people(scene)
    return [obj for obj in people if obj not in {one for clip in imported_clips(scene) for one in people_of(clip)}]


def objects_of(collection: bpy.types.Collection) -> list[bpy.types.Object]:
    """Return the objects in a clip's collection, and its people and their children in others."""
    parts = [part for armature in people_of(collection) for part in person_objects(armature)]
    return list(dict.fromkeys([*collection.all_objects, *parts]))


def _is_in_clip(obj: bpy.types.Object) -> bool:
    return any(
        collection.get(_CLIP) is not None and obj in collection.all_objects.values()
        for collection in bpy.data.collections
    )


def people_of_video(collection: bpy.types.Collection) -> list[bpy.types.Object]:
    """Return the armatures of the people of a clip and of the other shots of its video, in the same scene."""
    record = clip_record(collection)
    clips = [
        clip
        for scene in bpy.data.scenes
        for clip in imported_clips(scene)
        if record is not None and (other := clip_record(clip)) is not None and other.motion == record.motion
    ]
    return [armature for clip in dict.fromkeys([collection, *clips]) for armature in people_of(clip)]


def is_person(obj: bpy.types.Object) -> bool:
    """Check whether an object is an imported person's armature."""
    return obj.type == "ARMATURE" and type(obj.get(_PERSON)) is int


def person_id(armature: bpy.types.Object) -> int:
    """Return the ID that the tracker gave the person."""
    return int(armature[_PERSON])


def camera_of(collection: bpy.types.Collection) -> bpy.types.Object | None:
    """Return a clip's camera: the user's own if the clip was placed in its world, else the imported one."""
    given = given_camera(collection)
    if given is not None:
        camera = find_object(given)
        return camera if camera is not None and camera.type == "CAMERA" else None
    return next((obj for obj in collection.all_objects if obj.type == "CAMERA"), None)


def given_camera(collection: bpy.types.Collection) -> str | None:
    """Return the name of the user's camera in whose world the clip was placed; None if the import made the camera."""
    record = clip_record(collection)
    name = record.options.get("camera") if record else None
    return name if isinstance(name, str) else None


def damaged_records() -> list[str]:
    """Return the names of the objects and collections of the file with a record that is ignored."""
    is_valid: dict[str, Callable[[Any], bool]] = {
        _PERSON: is_person,
        _CLIP: lambda collection: clip_record(collection) is not None,
        _UNCERTAIN_RANGES: lambda armature: _ranges_from_json(_record(armature, _UNCERTAIN_RANGES)) is not None,
        _IMPLAUSIBLE_RANGES: lambda armature: implausible_ranges_of(armature) is not None,
        _EDITS: lambda armature: _edits_from_json(_record(armature, _EDITS) or "{") is not None,
        _KEY_RATE: lambda collection: key_rate(collection) is not None,
        _COLOR: lambda armature: _color(armature) is not None,
        _BODY: lambda armature: isinstance(armature.get(_BODY), str),
        _FLOOR: lambda collection: isinstance(collection.get(_FLOOR), str),
        _LENS: lambda collection: isinstance(collection.get(_LENS), str),
        SOUND: lambda collection: isinstance(collection.get(SOUND), bpy.types.Sound),
    }
    owners: list[bpy.types.ID] = [*bpy.data.objects, *bpy.data.collections]
    return [
        shown_text(owner.name)
        for owner in owners
        if any(owner.get(name) is not None and not check(owner) for name, check in is_valid.items())
    ]


def _record(owner: bpy.types.ID, name: str) -> str:
    """Return a record that is a text; empty if there is none of a usual length."""
    text = owner.get(name)
    return text if isinstance(text, str) and len(text) <= _LONGEST_RECORD else ""


def _parsed(text: str) -> Any:
    """Parse JSON; None if the text is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def mark_part(part: bpy.types.ID) -> None:
    """Record that an import made this object, action, material or image, which is deleted with the person or clip."""
    part[_PART] = True


def unmark_part(part: bpy.types.ID) -> None:
    """Make data that was copied from a part the user's own."""
    part.pop(_PART, None)


def is_part(part: bpy.types.ID) -> bool:
    """Check whether an import made an object, action, material or image."""
    if part.get(_PART) is not None:
        return True
    if isinstance(part, bpy.types.Object) and is_person(part):
        return True
    return _OLDER_PARTS.fullmatch(part.name) is not None


def person_objects(armature: bpy.types.Object) -> list[bpy.types.Object]:
    """Return a person's armature and its children: the body, and what the user has parented to them."""
    return [armature, *armature.children_recursive]


def set_hidden(armature: bpy.types.Object, hidden: bool) -> None:
    """Hide a person with the eye icon of the outliner; the visibility keys are kept."""
    for obj in person_objects(armature):
        obj.hide_set(hidden)


def check_local(data: bpy.types.ID) -> None:
    """Check that a person or clip belongs to this file.

    Raises:
        TarError: it is linked from another file.
    """
    override: Any = data.override_library
    linked = data if override is None else override.reference
    if linked.library is not None:
        raise TarError(f"{data.name} is linked from {linked.library.filepath}; change it there, or make it local")
