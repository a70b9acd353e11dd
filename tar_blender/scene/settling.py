"""The part of the clean-up that all people share. It is remembered, so that corrections of a person are fast."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from tar_core.body.data import BodyData
from tar_core.cleanup.pipeline import SettledClip, settle
from tar_core.edits import PersonEdits
from tar_core.motion import MotionClip
from tar_core.options import CleanupOptions

from .options import ImportOptions

_REMEMBERED = 8  # clips; a video has a clip for each shot


@dataclass(frozen=True)
class PeopleEdits:
    """The edits of the people of a clip.

    Attributes:
        by_person: edits by the IDs of the people.
        only: IDs of the people who are computed; None for all.
    """

    by_person: Mapping[int, PersonEdits] = field(default_factory=dict)
    only: Collection[int] | None = None


NO_EDITS = PeopleEdits()

_settled: dict[bytes, SettledClip] = {}  # by the key of `_key`, the last used one at the end


def settled_clip(clip: MotionClip, body: BodyData, options: ImportOptions, edits: PeopleEdits) -> SettledClip:
    """Settle a clip, or return the result that is remembered for the same motion and options."""
    heights = {person: edit.height for person, edit in edits.by_person.items() if edit.height is not None}
    focal_length = options.focal_length if options.camera is None else None
    on_ground = options.on_ground and options.placement is None
    key = _key(clip, options, focal_length, on_ground, sorted(heights.items()))
    settled = _settled.pop(key, None)
    if settled is None:
        settled = settle(clip, body, options, focal_length=focal_length, on_ground=on_ground, heights=heights)
    _settled[key] = settled
    while len(_settled) > _REMEMBERED:
        del _settled[next(iter(_settled))]
    return settled


def _key(clip: MotionClip, options: ImportOptions, *others: object) -> bytes:
    """A digest of all that the result depends on. A clip that is read again from its file has the same one."""
    strengths = [getattr(options, name) for name in CleanupOptions.__dataclass_fields__]
    digest = hashlib.blake2b(repr((strengths, *others)).encode())
    for name, array in clip.arrays().items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()
