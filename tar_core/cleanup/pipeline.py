"""The clean-up of captured motion. Only this module calls its steps.

    facing -> walks in gaps -> outliers, smoothing -> focal length, known heights -> lean correction -> ground plane
    -> root path -> placement in the world                                          all people together: `settle`
    edited contacts, standing on the floor -> foot locking -> resampling -> contact locking each person: `finish`

The command line, the sidebar, the headless command and Re-import all call `clean_up`. After an edit of one person's
contacts, Blender calls `finish` for that person only: contacts change neither the floor nor other people.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.camera.placement import WorldPlacement
from tar_core.cleanup.body_size import person_of_height, stand_on_floor, with_shape
from tar_core.cleanup.camera_height import camera_height
from tar_core.cleanup.contact_locking import lock_contacts
from tar_core.cleanup.facing import correct_clip_facing
from tar_core.cleanup.foot_contacts import foot_contacts
from tar_core.cleanup.foot_locking import lock_clip_feet, lock_feet
from tar_core.cleanup.ground_plane import MIN_CONFIDENCE, find_floor
from tar_core.cleanup.lean_correction import correct_clip_lean
from tar_core.cleanup.resampling import resample_clip, resample_flags
from tar_core.cleanup.root_path import change_path, correct_root_paths
from tar_core.cleanup.smoothing import smooth_clip
from tar_core.cleanup.walk_cycles import fill_clip_walks
from tar_core.edits import FEET, HANDS, PersonEdits
from tar_core.motion import Floor, MotionClip, PersonMotion
from tar_core.options import CleanupOptions

NO_EDITS = PersonEdits()


@dataclass(frozen=True)
class SettledClip:
    """People on their paths and in the world, before their feet are locked.

    Attributes:
        clip: the motion.
        captured: the same people at their captured distances, in the order of the clip.
        heights: of the camera above the floor of each person, who may stand on something else, meters.
        floor: the floor, of any confidence; None if it was not estimated, or no foot is ever on the ground.
        placement: transformation from the camera frame to the world.
        remembered: for each person, what corrections of the contacts have in common (`change_path`).
    """

    clip: MotionClip
    captured: list[PersonMotion]
    heights: list[float]
    floor: Floor | None
    placement: WorldPlacement
    remembered: list[dict[str, np.ndarray]]


@dataclass(frozen=True)
class CleanMotion:
    """The result of the clean-up.

    Attributes:
        clip: the motion.
        floor: the floor, of any confidence; None if it was not estimated, or no foot is ever on the ground.
        placement: transformation from the camera frame to the world.
        contacts: for each person of the clip, the frames [N, 4] in which feet and hands (EFFECTORS) are locked.
    """

    clip: MotionClip
    floor: Floor | None
    placement: WorldPlacement
    contacts: list[np.ndarray] = field(default_factory=list)


def clean_up(
    clip: MotionClip,
    body: BodyData,
    options: CleanupOptions,
    *,
    focal_length: float | None = None,
    on_ground: bool = False,
    fps: float | None = None,
    edits: Mapping[int, PersonEdits] | None = None,
) -> CleanMotion:
    """Clean up captured motion and place it in the world.

    Args:
        clip: the captured motion.
        body: the clip's body.
        options: strengths of the steps; `NO_CLEANUP` leaves the motion as it is.
        focal_length: pixels; replaces that of the clip and moves the people along the line of sight accordingly.
        on_ground: estimate the floor and place it at z = 0; otherwise the camera is level, at the world's origin.
        fps: resample the motion to this frame rate.
        edits: of people, by their IDs.

    Raises:
        TarError: a person cannot stand on the floor.
    """
    edits = edits or {}
    heights = {person: edit.height for person, edit in edits.items() if edit.height is not None}
    settled = settle(clip, body, options, focal_length=focal_length, on_ground=on_ground, heights=heights)
    return finish(settled, body, options, fps=fps, edits=edits)


def settle(
    clip: MotionClip,
    body: BodyData,
    options: CleanupOptions,
    *,
    focal_length: float | None = None,
    on_ground: bool = False,
    heights: Mapping[int, float] | None = None,
) -> SettledClip:
    """Find the paths of all people, the floor and the placement. The arguments are those of `clean_up`.

    Args:
        heights: known heights of people in meters, by their IDs.
    """
    heights = heights or {}
    if options.smoothing > 0:
        clip = smooth_clip(fill_clip_walks(correct_clip_facing(clip, body)), options.smoothing)
    if focal_length is not None:
        clip = clip.with_focal_length(focal_length)
    clip = _with_heights(clip, body, heights)
    if options.lean_correction:
        clip = correct_clip_lean(clip, body)
    floor, before = clip.floor, clip
    camera_heights = [0.0 if floor is None else floor.height] * len(clip.people)
    if floor is None and (options.depth_correction or (on_ground and not _has_world(clip))):
        floor = _estimate_floor(clip, body)
    if options.depth_correction:
        paths = correct_root_paths(clip, body, _if_reliable(floor), heights)
        if clip.floor is None and not _is_from_lines(floor, clip):
            # Better paths give a better floor, and the other way round.
            paths = correct_root_paths(clip, body, _if_reliable(_estimate_floor(paths.clip, body)), heights)
        clip, floor, camera_heights = replace(paths.clip, floor=paths.floor), paths.floor or floor, paths.heights
    captured = [
        _with_shape_of(after, person, clip, body) for person, after in zip(before.people, clip.people, strict=True)
    ]
    placement = place(clip, body, floor, on_ground)
    return SettledClip(clip, captured, camera_heights, floor, placement, [{} for _ in captured])


def finish(
    settled: SettledClip,
    body: BodyData,
    options: CleanupOptions,
    *,
    fps: float | None = None,
    edits: Mapping[int, PersonEdits] | None = None,
    only: Collection[int] | None = None,
) -> CleanMotion:
    """Apply the edits of contacts and the floor, lock the feet, and resample. The arguments are those of `clean_up`.

    Args:
        only: IDs of the people who are finished (default: all); the result has no others.

    Raises:
        TarError: a person cannot stand on the floor.
    """
    edits = edits or {}
    clip, people, contacts, grounds, marks = settled.clip, [], [], [], []
    for index, person in enumerate(clip.people):
        if only is None or person.person_id in only:
            own = edits.get(person.person_id, NO_EDITS)
            edited = _with_edits(settled, index, body, options, own)
            grounds.append(settled.placement.floor() if own.on_floor else clip.floor)
            marks.append(own.contact_marks(person.frames))
            camera = clip.camera_positions(person.frames)
            feet = foot_contacts(edited, body, clip.fps, camera, grounds[-1], marks[-1][:, FEET])
            contacts.append(np.concatenate([feet, marks[-1][:, HANDS] > 0], 1))
            people.append(lock_feet(edited, body, clip.fps, options.foot_locking, camera, grounds[-1], marks[-1], feet))
    clip, floor = replace(clip, people=people), None if _has_world(clip) else settled.floor
    if fps is not None:
        ratio = fps / clip.fps
        contacts, marks = (
            [resample_flags(flags, person.frames, ratio) for flags, person in zip(found, people, strict=True)]
            for found in (contacts, marks)
        )
        clip = resample_clip(clip, fps)
    # Soles and hands are held in the resampled motion, since interpolation between frames moves them.
    held = []
    for person, flags, ground, mark in zip(clip.people, contacts, grounds, marks, strict=True):
        camera = clip.camera_positions(person.frames)
        held.append(lock_contacts(person, body, clip.fps, flags, options.foot_locking, camera, ground, mark))
    return CleanMotion(replace(clip, people=held), floor, settled.placement, contacts)


def place(clip: MotionClip, body: BodyData, floor: Floor | None, on_ground: bool) -> WorldPlacement:
    """Place the camera frame in the world.

    A camera trajectory with its own world is placed in that world. Otherwise, with `on_ground`, a known or reliable
    floor is placed at z = 0; without one, the camera is level at the height at which the feet are at z = 0. Without
    `on_ground`, the camera is level at the origin.
    """
    if clip.camera_trajectory is not None and clip.camera_trajectory.world is not None:
        return WorldPlacement.in_world(clip.camera_trajectory.world)
    if not on_ground:
        return WorldPlacement.level()
    if floor is not None and (clip.floor is not None or floor.confidence >= MIN_CONFIDENCE):
        return WorldPlacement.on_floor(floor)
    return WorldPlacement.level(camera_height(clip.people, body))


def _with_edits(
    settled: SettledClip, index: int, body: BodyData, options: CleanupOptions, edits: PersonEdits
) -> PersonMotion:
    """A settled person with the edits of contacts and the floor, before the feet are locked."""
    clip, person, captured = settled.clip, settled.clip.people[index], settled.captured[index]
    camera, marks = clip.camera_positions(person.frames), edits.contact_marks(person.frames)[:, FEET]
    if not (edits.on_floor or marks.any()):
        return person
    floor = None if clip.floor is None else replace(clip.floor, height=settled.heights[index])
    if edits.on_floor:
        floor, keep_size = settled.placement.floor(), edits.height is not None
        contacts = foot_contacts(person, body, clip.fps, camera, clip.floor, marks)
        standing = stand_on_floor(person, body, floor, contacts, camera, keep_size)
        moved = replace(captured, trans=captured.trans + standing.trans - person.trans)
        captured = moved if keep_size else with_shape(captured, body, standing.betas.astype(np.float64), camera)
        person = standing
    if not options.depth_correction:
        return person
    remembered = None if edits.on_floor else settled.remembered[index]
    return change_path(person, captured, clip, body, floor, marks, remembered)


def _with_heights(clip: MotionClip, body: BodyData, heights: Mapping[int, float]) -> MotionClip:
    people = [
        person_of_height(person, body, heights[person.person_id], clip.camera_positions(person.frames))
        if person.person_id in heights
        else person
        for person in clip.people
    ]
    return replace(clip, people=people)


def _with_shape_of(shaped: PersonMotion, person: PersonMotion, clip: MotionClip, body: BodyData) -> PersonMotion:
    """A person with the shape of another motion, covering the same pixels."""
    if np.array_equal(shaped.betas, person.betas):
        return person
    return with_shape(person, body, shaped.betas.astype(np.float64), clip.camera_positions(person.frames))


def _estimate_floor(clip: MotionClip, body: BodyData) -> Floor | None:
    """Estimate the floor from fully locked feet, whose contacts vary least."""
    return find_floor(lock_clip_feet(clip, body, 1.0), body)


def _is_from_lines(floor: Floor | None, clip: MotionClip) -> bool:
    """Whether the floor's direction is that of the straight lines in the image, so that people do not change it."""
    return floor is not None and clip.vertical is not None and np.array_equal(floor.up, clip.vertical.up)


def _if_reliable(floor: Floor | None) -> Floor | None:
    return None if floor is None or floor.confidence < MIN_CONFIDENCE else floor


def _has_world(clip: MotionClip) -> bool:
    return clip.camera_trajectory is not None and clip.camera_trajectory.world is not None
