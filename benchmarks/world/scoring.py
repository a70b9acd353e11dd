"""Scores of captured motion in the world.

WA-MPJPE, W-MPJPE and RTE are those of EMDB (Kaufmann et al. 2023) as WHAM computes them (lib/eval/eval_utils.py and
evaluate_emdb.py of the repository yohanshin/WHAM): in segments of 100 frames, one similarity transform aligns all
joints of the whole segment (WA) or of its first two frames (W); for RTE, one rotation and translation aligns the whole
path of the root, and each frame's error is divided by the length of the true path. Unlike there, a remainder of at
least MIN_SEGMENT frames counts as a segment, and paths shorter than MIN_PATH have no RTE. Jitter is EMDB's mean jerk.
"""

from dataclasses import dataclass, field, fields

import numpy as np

from benchmarks.recordings import STANCE_SPEED
from benchmarks.world.people import WorldPerson
from tar_core.cleanup.kinematics import jitter
from tar_core.evaluation.metrics import mpjpe, pa_mpjpe, procrustes
from tar_core.filters import true_runs

SEGMENT, MIN_SEGMENT = 100, 30  # frames
MIN_PATH = 1.0  # meters
CONTACT_HEIGHT = 0.06  # meters; a true sole that is slower than STANCE_SPEED and lower than this is in contact
TOLERANCE = 0.02  # meters below or above the floor
NONE = np.zeros(0)


@dataclass
class Scores:
    """Values of single frames (or joints and frames), to be pooled over people and videos.

    Attributes:
        pa, mpjpe: mm, joints in the camera frame, as usual.
        wa, w: WA-MPJPE and W-MPJPE, mm.
        rte: percent; root: the same error in mm.
        along, across, speed: of the root along the line of sight, across it and in total, m/s; true_*: the truth's.
        acceleration: of the root, m/s^2.
        slide: of soles while the true sole is in contact, mm per frame.
        under, floating: whether a sole is more than 20 mm below the floor; whether none is lower than 20 mm above the
            floor while a true sole is in contact.
        jitter: 10 m/s^3.
        missed: whether a person who must be found is not.
        switches: number of identity switches of each video.
        tilt, focal: of each video, degrees between the up directions and percent of the true focal length (signed).
        focal_within: of each video, whether the error of the focal length is at most the expected one.
    """

    pa: np.ndarray = field(default_factory=NONE.copy)
    mpjpe: np.ndarray = field(default_factory=NONE.copy)
    wa: np.ndarray = field(default_factory=NONE.copy)
    w: np.ndarray = field(default_factory=NONE.copy)
    rte: np.ndarray = field(default_factory=NONE.copy)
    root: np.ndarray = field(default_factory=NONE.copy)
    along: np.ndarray = field(default_factory=NONE.copy)
    true_along: np.ndarray = field(default_factory=NONE.copy)
    across: np.ndarray = field(default_factory=NONE.copy)
    true_across: np.ndarray = field(default_factory=NONE.copy)
    speed: np.ndarray = field(default_factory=NONE.copy)
    true_speed: np.ndarray = field(default_factory=NONE.copy)
    acceleration: np.ndarray = field(default_factory=NONE.copy)
    true_acceleration: np.ndarray = field(default_factory=NONE.copy)
    slide: np.ndarray = field(default_factory=NONE.copy)
    true_slide: np.ndarray = field(default_factory=NONE.copy)
    under: np.ndarray = field(default_factory=NONE.copy)
    floating: np.ndarray = field(default_factory=NONE.copy)
    jitter: np.ndarray = field(default_factory=NONE.copy)
    true_jitter: np.ndarray = field(default_factory=NONE.copy)
    missed: np.ndarray = field(default_factory=NONE.copy)
    switches: np.ndarray = field(default_factory=NONE.copy)
    tilt: np.ndarray = field(default_factory=NONE.copy)
    focal: np.ndarray = field(default_factory=NONE.copy)
    focal_within: np.ndarray = field(default_factory=NONE.copy)

    @classmethod
    def pooled(cls, parts: "list[Scores]") -> "Scores":
        """Concatenate the values of several people or videos."""
        return cls(
            **{one.name: np.concatenate([NONE, *(getattr(part, one.name) for part in parts)]) for one in fields(cls)}
        )


def score_person(
    true: WorldPerson, captured: list[WorldPerson], match: np.ndarray, found: np.ndarray, fps: float
) -> Scores:
    """Score one true person.

    Args:
        captured: all captured people.
        match: [T] the captured person in each frame, -1 for none.
        found: [T] frames in which the person must be found.
    """
    runs = [
        (int(other), first, end) for other in np.unique(match[match >= 0]) for first, end in true_runs(match == other)
    ]
    runs.sort(key=lambda run: run[1])
    parts = [score_run(*paired(true, captured[other], first, end), fps) for other, first, end in runs]
    scores = Scores.pooled(parts)
    scores.missed = (match[found] < 0).astype(float)
    if not runs:
        return scores
    pairs = [paired(true, captured[other], first, end) for other, first, end in runs]
    joints, target = (np.concatenate([pair[k].joints for pair in pairs]) for k in (1, 0))
    scores.wa, scores.w = world_errors(joints, target)
    scores.rte, scores.root = root_errors(joints[:, 0], target[:, 0])
    return scores


def paired(true: WorldPerson, captured: WorldPerson, first: int, end: int) -> tuple[WorldPerson, WorldPerson]:
    """Cut frames `first` to `end` (exclusive) out of a true and a captured person."""
    return _part(true, first, end), _part(captured, first, end)


def _part(person: WorldPerson, first: int, end: int) -> WorldPerson:
    rows = slice(first - int(person.frames[0]), end - int(person.frames[0]))
    return WorldPerson(**{one.name: getattr(person, one.name)[rows] for one in fields(person)})


def score_run(true: WorldPerson, person: WorldPerson, fps: float) -> Scores:
    """Score consecutive frames in which a true person is matched with the same captured person."""
    scores = Scores(
        pa=pa_mpjpe(person.in_camera, true.in_camera),
        mpjpe=mpjpe(person.in_camera, true.in_camera, [0]),
        under=(person.soles[..., 2].min(1) < -TOLERANCE).astype(float),
    )
    if len(true.frames) < 2:
        return scores
    scores.along, scores.across, scores.speed = root_speeds(person, fps)
    scores.true_along, scores.true_across, scores.true_speed = root_speeds(true, fps)
    contact = contacts(true.soles, fps)
    scores.slide, scores.true_slide = (
        1000 * np.linalg.norm(np.diff(one.soles, axis=0), axis=-1)[contact] for one in (person, true)
    )
    lowest = person.soles[1:, :, 2].min(1)
    scores.floating = (lowest > TOLERANCE).astype(float)[contact.any(1)]
    scores.acceleration, scores.true_acceleration = (
        fps**2 * np.linalg.norm(np.diff(one.joints[:, 0], n=2, axis=0), axis=-1) for one in (person, true)
    )
    scores.jitter, scores.true_jitter = (jitter(one.joints, fps) for one in (person, true))
    return scores


def contacts(soles: np.ndarray, fps: float) -> np.ndarray:
    """[T - 1, 4] which true soles [T, 4, 3] are in contact with the floor from one frame to the next."""
    slow = fps * np.linalg.norm(np.diff(soles, axis=0), axis=-1) < STANCE_SPEED
    return slow & (soles[1:, :, 2] < CONTACT_HEIGHT) & (soles[:-1, :, 2] < CONTACT_HEIGHT)


def root_speeds(person: WorldPerson, fps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Speeds [T - 1] of the root along the line of sight, across it, and in total, m/s."""
    root = person.joints[:, 0]
    velocity = fps * np.diff(root, axis=0)
    sight = root[:-1] - person.cameras[:-1]
    sight = sight / np.linalg.norm(sight, axis=1, keepdims=True)
    along = (velocity * sight).sum(1)
    across = np.linalg.norm(velocity - along[:, None] * sight, axis=1)
    return np.abs(along), across, np.linalg.norm(velocity, axis=1)


def world_errors(joints: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """WA-MPJPE and W-MPJPE of each frame, mm.

    Args:
        joints, target: [N, J, 3] captured and true joints in their worlds, meters.
    """
    whole, first = [], []
    for start in range(0, len(joints), SEGMENT):
        p, t = joints[start : start + SEGMENT], target[start : start + SEGMENT]
        if len(p) < MIN_SEGMENT:
            break
        for errors, frames in ((whole, len(p)), (first, 2)):
            align = procrustes(p[:frames].reshape(1, -1, 3), t[:frames].reshape(1, -1, 3))
            aligned = align(p.reshape(1, -1, 3)).reshape(p.shape)
            errors.append(1000 * np.linalg.norm(aligned - t, axis=-1).mean(-1))
    return np.concatenate([NONE, *whole]), np.concatenate([NONE, *first])


def root_errors(root: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """RTE of each frame, in percent of the path's length (empty for short paths) and in mm.

    Args:
        root, target: [N, 3] captured and true roots in their worlds, meters.
    """
    rotation = procrustes(root[None], target[None]).rotation[0]
    aligned = (root - root.mean(0)) @ rotation.T + target.mean(0)
    errors = np.linalg.norm(aligned - target, axis=1)
    length = float(np.linalg.norm(np.diff(target, axis=0), axis=1).sum())
    return (100 * errors / length if length >= MIN_PATH else NONE), 1000 * errors


def angle_between(a: np.ndarray, b: np.ndarray) -> float:
    """Angle between two unit vectors, degrees."""
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))
