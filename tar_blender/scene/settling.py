"""The part of the clean-up that all people share, which is remembered while the contacts of one person are edited."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from tar_core.body.data import BodyData
from tar_core.cleanup.pipeline import SettledClip, settle
from tar_core.edits import PersonEdits
from tar_core.motion import MotionClip
from tar_core.options import CleanupOptions

from .options import ImportOptions


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

_last: list[tuple[MotionClip, object, SettledClip]] = []  # at most one, since clips are large


def settled_clip(clip: MotionClip, body: BodyData, options: ImportOptions, edits: PeopleEdits) -> SettledClip:
    """Settle a clip, or return the last result if it was that of the same clip object and options."""
    heights = {person: edit.height for person, edit in edits.by_person.items() if edit.height is not None}
    focal_length = options.focal_length if options.camera is None else None
    on_ground = options.on_ground and options.placement is None
    strengths = [getattr(options, name) for name in CleanupOptions.__dataclass_fields__]
    key = (strengths, focal_length, on_ground, heights)
    if _last and _last[0][0] is clip and _last[0][1] == key:
        return _last[0][2]
    settled = settle(clip, body, options, focal_length=focal_length, on_ground=on_ground, heights=heights)
    _last[:] = [(clip, key, settled)]
    return settled
