"""The captured motion of an imported clip, from the cache."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import bpy

from tar_core.amass import load_motion
from tar_core.body.data import load_body
from tar_core.errors import TarError
from tar_core.motion import MotionClip

from ..engine.cache import find_motion
from ..engine.paths import cache_folder
from ..scene.metadata import ClipRecord, check_local, clip_record, people_of, person_id

DAMAGED = "the record of this clip is damaged; import the video again"


def captured_motion(context: bpy.types.Context, collection: bpy.types.Collection) -> tuple[MotionClip, ClipRecord]:
    """The captured motion of the people who are still in a clip's collection, and how the clip was imported.

    Raises:
        TarError: the clip is linked, its record is damaged, its motion is no longer in the cache, or nobody is left.
    """
    check_local(collection)
    record = clip_record(collection)
    if record is None:
        raise TarError(DAMAGED)
    path = find_motion(record.motion, cache_folder(context))
    if path is None:
        raise TarError("the captured motion of the clip is no longer in the cache; import the video again")
    people = tuple(person_id(armature) for armature in people_of(collection))
    return _load(path, path.stat().st_mtime_ns, record.shot, people), record


@lru_cache(maxsize=1)
def _load(path: Path, modified: int, shot: int | None, people: tuple[int, ...]) -> MotionClip:
    """Read a motion file again only if it or the people have changed; `modified` is its time in nanoseconds."""
    motion, *others = load_motion(path, load_body(), shot)
    if others:
        raise TarError(DAMAGED)
    motion = replace(motion, people=[person for person in motion.people if person.person_id in people])
    if not motion.people:
        raise TarError("all people of the clip were deleted; import the video again")
    return motion
