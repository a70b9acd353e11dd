"""Measures of captured motion against known motion: root, accelerations, sliding feet, hits, the floor."""

from dataclasses import astuple, dataclass, fields

import numpy as np
from scipy.signal import find_peaks

from benchmarks.recordings import STANCE_SPEED
from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.foot_locking import foot_points, foot_sliding
from tar_core.cleanup.ground_plane import find_floor
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import JOINT_NAMES, pose_skeleton
from tar_core.synthetic.motions import FPS

HIT_SPEED = 1.5  # m/s, the least speed of a hit
HIT_WINDOW = round(FPS / 4)  # frames
KNEES = [JOINT_NAMES.index(f"{side}_knee") for side in ("left", "right")]
HANDS_AND_FEET = [JOINT_NAMES.index(f"{side}_{end}") for side in ("left", "right") for end in ("wrist", "ankle")]


@dataclass(frozen=True)
class Measures:
    """Measures of one clip, or means and medians over clips.

    Attributes:
        slide_true, slide_before, slide_after: how far feet in stance slide, mm/frame: the true motion's, as captured,
            after the clean-up. Feet are in stance where the true feet are slower than STANCE_SPEED.
        root_before, root_after: errors of the root's trajectory, mm.
        length: of the root's true trajectory, mm.
        acceleration_before, acceleration_after: mean errors of the joints' accelerations, mm/frame^2.
        level_tilt: tilt of the camera, degrees: the error of a camera that is assumed to be level.
        tilt: angle between the up direction of the floor found and the true one, degrees.
        height: error of the camera's height above the floor found, percent.
    """

    slide_true: float
    slide_before: float
    slide_after: float
    root_before: float
    root_after: float
    length: float
    acceleration_before: float
    acceleration_after: float
    level_tilt: float
    tilt: float
    height: float

    @property
    def root_percent(self) -> float:
        """The root's error in percent of its trajectory's length."""
        return 100 * self.root_after / self.length

    @classmethod
    def summary(cls, clips: "list[Measures]") -> "Measures":
        """Means over clips; medians of the camera's and the floor's errors."""
        rows = np.array([astuple(clip) for clip in clips])
        medians = {"level_tilt", "tilt", "height"}
        return cls(
            *(
                float(np.median(column) if field.name in medians else np.mean(column))
                for field, column in zip(fields(cls), rows.T, strict=True)
            )
        )


def measure(
    truth: PersonMotion,
    captured: PersonMotion,
    cleaned: PersonMotion,
    clip: MotionClip,
    up: np.ndarray,
    height: float,
    body: BodyData,
) -> Measures:
    """Compare a person's motion before and after the clean-up with the truth.

    Args:
        clip: the clip in which the floor is found.
        up: [3] the true up direction in the camera frame.
        height: of the camera above the true floor, meters.
    """
    joints = [joint_positions(person, body) for person in (truth, captured, cleaned)]
    feet = [foot_points(person, body) for person in (truth, captured, cleaned)]
    stance = (FPS * np.linalg.norm(np.diff(feet[0], axis=0), axis=-1) < STANCE_SPEED).astype(float)
    root = joints[0][:, 0]
    tilt, height_error = floor_errors(clip, up, height, body)
    return Measures(
        *(1000 * foot_sliding(points, stance) for points in feet),
        *(root_error(person, truth) for person in (captured, cleaned)),
        1000 * float(np.linalg.norm(np.diff(root, axis=0), axis=1).sum()),
        *(acceleration_error(positions, joints[0]) for positions in joints[1:]),
        float(np.degrees(np.arccos(np.clip(up @ LEVEL, -1, 1)))),
        tilt,
        100 * height_error / max(abs(height), 0.5),
    )


def root_error(person: PersonMotion, truth: PersonMotion) -> float:
    """RMS error of the root's trajectory after aligning the means, mm."""
    away = person.trans - truth.trans
    return 1000 * float(np.sqrt(((away - away.mean(0)) ** 2).sum(1).mean()))


def joint_positions(person: PersonMotion, body: BodyData) -> np.ndarray:
    """[N, 24, 3] meters in the camera frame."""
    poses = person.poses.reshape(len(person), -1, 3).astype(float)
    return pose_skeleton(poses, rest_joints(body, person.betas.astype(float)))[1] + person.trans[:, None]


def acceleration_error(joints: np.ndarray, truth: np.ndarray) -> float:
    """Mean difference between the accelerations of joints [N, 24, 3] in meters, mm/frame^2."""
    return 1000 * float(np.linalg.norm(np.diff(joints - truth, n=2, axis=0), axis=-1).mean())


def knee_accelerations(person: PersonMotion) -> np.ndarray:
    """[N - 2, 2] angular accelerations of both knees, degrees/frame^2."""
    knees = person.poses.reshape(len(person), -1, 3)[:, KNEES].astype(float)
    rotations = axis_angle_to_matrix(knees)
    turns = matrix_to_axis_angle(rotations[:-1].swapaxes(-1, -2) @ rotations[1:])
    return np.degrees(np.linalg.norm(np.diff(turns, axis=0), axis=-1))


def hits(joints: np.ndarray) -> list[tuple[int, int]]:
    """Find the hits in joints [N, 24, 3] in meters: peaks of a hand's or foot's speed, at least HIT_WINDOW apart.

    Returns:
        (joint, frame) of each.
    """
    speed = FPS * np.linalg.norm(np.diff(joints[:, HANDS_AND_FEET], axis=0), axis=-1)
    found = []
    for joint, column in zip(HANDS_AND_FEET, speed.T, strict=True):
        peaks = find_peaks(column, height=HIT_SPEED, distance=HIT_WINDOW, prominence=HIT_SPEED / 2)[0]
        found += [(joint, int(frame)) for frame in peaks]
    return found


def hit_errors(joints: np.ndarray, truth: np.ndarray) -> list[int]:
    """By how many frames each true hit is shifted, at most HIT_WINDOW; a hit that is missing counts as HIT_WINDOW."""
    there = hits(joints)
    return [
        min([abs(frame - other) for at, other in there if at == joint] + [HIT_WINDOW]) for joint, frame in hits(truth)
    ]


def share_within(errors: list[int], frames: int) -> float:
    """The share of hits that are shifted by at most some frames; NaN if there are no hits."""
    return float((np.array(errors) <= frames).mean()) if errors else float("nan")


def floor_errors(clip: MotionClip, up: np.ndarray, height: float, body: BodyData) -> tuple[float, float]:
    """Errors of the floor found in a clip: (degrees between both up directions, meters of the camera's height).

    If no floor is found, the camera counts as level at height 0.
    """
    floor = find_floor(clip, body) or Floor(LEVEL, 0.0, 0.0)
    return float(np.degrees(np.arccos(np.clip(floor.up @ up, -1, 1)))), abs(floor.height - height)
