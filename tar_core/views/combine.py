"""Combine the clips of several views: timing, registration, matching and fusion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.body_size import with_shape
from tar_core.cleanup.facing import correct_clip_facing
from tar_core.cleanup.resampling import resample_person
from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.views.fusion import WHOLE_SPAN, fuse_person
from tar_core.views.registration import Registration, register
from tar_core.views.sightings import Sightings, joints_of, sightings_of
from tar_core.views.timing import find_delay, likeness_at

MIN_LIKENESS = 0.5  # of the motion of a person in two views (docs/experiments/2026-11-30-views.md)
_SAME_PLACE = 0.5  # meters; median distance of the joints at which a pair explains half as much
_MAX_DISTANCE = 1.0  # meters; people who do not move alike are the same only if they are nearer
_SAME_DELAY = 0.25  # seconds
_CONSISTENT = 1.5  # error of a registration by several people that are where they are expected
_MIN_FRAMES = 5  # that two views of a person have in common


@dataclass(frozen=True)
class ViewReport:
    """How a further view was joined to the first one.

    Attributes:
        source: path of its video.
        delay: seconds from the start of the first video to its start.
        likeness: of the motion in both views, at most 1.
        registration: the position and rotation of its camera in the frame of the first one.
        people: IDs of the people of the first clip and of this one who are the same.
    """

    source: str
    delay: float
    likeness: float
    registration: Registration
    people: dict[int, int]

    def __str__(self) -> str:
        distance = np.linalg.norm(self.registration.translation)
        return (
            f"{Path(self.source).name}: starts {self.delay:+.2f} s, camera {distance:.2f} m away, "
            f"{len(self.people)} of its people matched"
        )


def combine_views(
    clips: Sequence[MotionClip],
    body: BodyData,
    delays: Sequence[float | None] = (),
    span: tuple[int, int] = WHOLE_SPAN,
) -> tuple[MotionClip, list[ViewReport]]:
    """Combine captured clips of the same motion.

    Args:
        clips: one of each view, without clean-up. The result has the camera, frame rate and people of the first one;
            the frames of its people extend to those in which only other views see them.
        body: the body of the clips.
        delays: seconds from the start of the first video to that of each other one; None, or none at all, if unknown.
        span: first and last frame that the result may have.

    Raises:
        TarError: there are fewer than two clips, they have different bodies, a camera changes its position, a clip has
            no people, the number of delays is wrong, or nobody moves alike in both views.
    """
    if len(clips) < 2:
        raise TarError("give the motion files of at least two views")
    if len({clip.body for clip in clips}) > 1:
        raise TarError("the clips have different bodies; capture all videos with the same body")
    for clip in clips:
        if clip.camera_trajectory is not None and clip.camera_trajectory.has_translation:
            raise TarError(f"{clip.source}: the camera moves; views can only be combined if the cameras stay in place")
        if not clip.people:
            raise TarError(f"{clip.source}: no people in this clip; capture the video again")
    clips = [correct_clip_facing(clip, body) for clip in clips]
    first = clips[0]
    known = list(delays) or [None] * (len(clips) - 1)
    if len(known) != len(clips) - 1:
        raise TarError(f"give a delay for each of the {len(clips) - 1} further views, or none")
    views = [_View.of(first, clip, body, delay) for clip, delay in zip(clips[1:], known, strict=True)]
    people = [_fused(person, views, body, first.fps, span) for person in first.people]
    return replace(first, people=people, floor=None), [view.report for view in views]


@dataclass(frozen=True)
class _View:
    """A further view.

    Attributes:
        report: what was found.
        people: by the IDs of the same people in the first clip, at its frames, in the camera frame of this view.
        registrations: of these people.
    """

    report: ViewReport
    people: dict[int, PersonMotion]
    registrations: dict[int, Registration]

    @classmethod
    def of(cls, first: MotionClip, clip: MotionClip, body: BodyData, delay: float | None) -> "_View":
        """Find the delay, the people and the camera of a view.

        Each pair of people who move alike is assumed to be one person, which tells the delay and the camera, and so
        who the others are. The assumption is kept that explains most.
        """
        pairs = _pairs(first, clip, body, delay)
        if not pairs:
            raise TarError(
                f"{clip.source}: nobody moves as in {first.source}; the videos must show the same people at the same "
                "time for some seconds, from cameras that stay in place"
            )
        chosen = max((_choose(pair, pairs, first, clip, body) for pair in pairs), key=lambda choice: choice[1])[0]
        weights = np.array([max(pair.likeness, 1e-3) for pair in chosen])
        seconds = float(np.average([pair.delay for pair in chosen], weights=weights))
        people = _at_frames_of(first, clip, seconds)
        matched = {pair.person: people[pair.other] for pair in chosen}
        common = _register(first, clip, matched, body)
        if common.error < _CONSISTENT:
            registrations = dict.fromkeys(matched, common)
        else:  # Sizes, and so distances, of people are wrong in different ways: each has a camera of their own.
            registrations = {
                number: _register(first, clip, {number: person}, body) for number, person in matched.items()
            }
            common = registrations[chosen[0].person]
        likeness, matches = max(pair.likeness for pair in chosen), {pair.person: pair.other for pair in chosen}
        return cls(ViewReport(clip.source, seconds, likeness, common, matches), matched, registrations)


@dataclass(frozen=True)
class _Pair:
    """A person of the first view and one of another view, who may be the same: their IDs, and how alike they move."""

    person: int
    other: int
    delay: float  # seconds
    likeness: float


def _pairs(first: MotionClip, clip: MotionClip, body: BodyData, delay: float | None) -> list[_Pair]:
    """All pairs of people who may be the same; with an unknown delay, those who move alike."""
    pairs = []
    for other in clip.people:
        moved = resample_person(other, first.fps / clip.fps, (delay or 0.0) * first.fps)
        theirs = joints_of(moved, body)
        for person in first.people:
            ours = joints_of(person, body)
            if delay is None:
                found = find_delay(ours, theirs, first.fps)
                start = float(person.frames[0]) - float(moved.frames[0])
                if found is not None and found.likeness >= MIN_LIKENESS:
                    seconds = (found.frames + start) / first.fps
                    pairs.append(_Pair(person.person_id, other.person_id, seconds, found.likeness))
            else:
                rows, other_rows = _common(person, moved)
                likeness = likeness_at(ours[rows], theirs[other_rows], first.fps)
                if rows.stop - rows.start >= _MIN_FRAMES:
                    pairs.append(_Pair(person.person_id, other.person_id, delay, likeness))
    return pairs


def _choose(
    seed: _Pair, pairs: Sequence[_Pair], first: MotionClip, clip: MotionClip, body: BodyData
) -> tuple[list[_Pair], float]:
    """Choose pairs of people on the assumption that one pair is right: those that are then at the same place first.

    Returns:
        the pairs, the assumed one first, each person at most once, and how much they explain.
    """
    people = _at_frames_of(first, clip, seed.delay)
    registration = _register(first, clip, {seed.person: people[seed.other]}, body)
    ours = {person.person_id: person for person in first.people}
    distances = []
    for pair in pairs:
        person, other = ours[pair.person], people[pair.other]
        rows, other_rows = _common(person, other)
        if rows.stop - rows.start >= _MIN_FRAMES and abs(pair.delay - seed.delay) < _SAME_DELAY:
            moved = joints_of(other, body)[other_rows] @ registration.rotation.T + registration.translation
            distances.append(float(np.median(np.linalg.norm(moved - joints_of(person, body)[rows], axis=-1))))
        else:
            distances.append(np.inf)
    chosen, score = [seed], seed.likeness
    for distance, pair in sorted(zip(distances, pairs, strict=True), key=lambda candidate: candidate[0]):
        taken = any(pair.person == other.person or pair.other == other.other for other in chosen)
        limit = np.inf if pair.likeness >= MIN_LIKENESS else _MAX_DISTANCE
        if distance < limit and not taken:
            chosen.append(pair)
            score += max(pair.likeness, 0.0) / (1 + distance / _SAME_PLACE)
    return chosen, score


def _at_frames_of(first: MotionClip, clip: MotionClip, delay: float) -> dict[int, PersonMotion]:
    """The people of a clip, by their IDs, at the frames of the first one."""
    ratio = first.fps / clip.fps
    return {person.person_id: resample_person(person, ratio, delay * first.fps) for person in clip.people}


def _common(person: PersonMotion, other: PersonMotion) -> tuple[slice, slice]:
    """The rows of the frames that both have; empty if there are none."""
    first = max(int(person.frames[0]), int(other.frames[0]))
    count = max(min(int(person.frames[-1]), int(other.frames[-1])) + 1 - first, 0)
    mine, theirs = first - int(person.frames[0]), first - int(other.frames[0])
    return slice(mine, mine + count), slice(theirs, theirs + count)


def _register(first: MotionClip, clip: MotionClip, people: Mapping[int, PersonMotion], body: BodyData) -> Registration:
    """Register a view by its people, with shapes in common, and by the verticals.

    Args:
        first, clip: the clips of both views.
        people: of the second view, at the frames of the first one, by the IDs of the same people there.
        body: the body of the clips.
    """
    pairs = []
    for person in first.people:
        if person.person_id in people:
            both = _same_shape([person, people[person.person_id]], body)
            rows = _common(*both)
            pairs.append([sightings_of(one, body).rows(row) for one, row in zip(both, rows, strict=True)])
    ours, theirs = (Sightings.concatenated(sightings) for sightings in zip(*pairs, strict=True))
    verticals = None if first.vertical is None or clip.vertical is None else (first.vertical, clip.vertical)
    return register(ours, theirs, verticals)


def _fused(
    person: PersonMotion, views: Sequence[_View], body: BodyData, fps: float, span: tuple[int, int]
) -> PersonMotion:
    """One motion of a person from all views that see the person, in the frame of the first one."""
    number = person.person_id
    seen = [view for view in views if number in view.people]
    if not seen:
        return person
    people = _same_shape([person, *(view.people[number] for view in seen)], body)
    sightings = [sightings_of(one, body) for one in people]
    for k, view in enumerate(seen, start=1):
        registration = view.registrations[number]
        sightings[k] = sightings[k].transformed(registration.rotation, registration.translation)
    return fuse_person(people, sightings, rest_joints(body, people[0].betas.astype(np.float64)), fps, span)


def _same_shape(people: Sequence[PersonMotion], body: BodyData) -> list[PersonMotion]:
    """The people with the mean of their shapes, at the distances at which they cover the same pixels."""
    betas = np.mean([person.betas for person in people], axis=0, dtype=np.float64)
    return [with_shape(person, body, betas) for person in people]
