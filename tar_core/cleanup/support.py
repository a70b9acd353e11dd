"""Where a person is supported, and when they are in the air.

Feet carry a person who stands, hands and knees one who crawls, the back one who lies: whatever rests and is lowest.
"""

from dataclasses import dataclass, field

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.center_of_mass import center_of_mass
from tar_core.cleanup.contacts import (
    DEPTH_WEIGHT,
    END_SPEED,
    MIN_DURATION,
    START_SPEED,
    point_speed,
    sole_vertices,
    surface_points,
)
from tar_core.cleanup.kinematics import FLIGHT_HEIGHT, outermost_vertices
from tar_core.filters import true_runs
from tar_core.motion import Floor, PersonMotion
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, pose_skeleton

# A support is at most this much higher than the lowest point of the body, meters: when it starts, and as it goes on.
_START_HEIGHT, _END_HEIGHT = 0.08, 0.12
_MAX_HEIGHT = 0.2  # meters of a support above the floor
_MIN_FLIGHT = 0.15  # seconds

_FEET = [[JOINT_NAMES.index(f"{side}_{part}") for part in ("ankle", "foot")] for side in ("left", "right")]

# Expected error of the joints in a usual frame, meters, and the largest relative error.
_USUAL_ERROR, _MAX_RELATIVE_ERROR = 0.09, 6.0
_MIN_CONFIDENCE = 0.1  # smaller confidences are raised to this value


@dataclass(frozen=True)
class BodyPoints:
    """N frames of a person in the clip's frame, meters.

    Attributes:
        fps: frame rate.
        camera: [N, 3] position of the camera.
        sight: [N, 3] from the camera to the pelvis.
        offsets: [N, Q, 3] from the pelvis to points on the surface: the soles (four), and the outermost points.
        mass: [N, 3] from the pelvis to the center of mass.
        relative_error: [N] expected error of the distance, relative to that of a usual frame; see `relative_error`.
        marks: [N, 2] edited contacts of the left and the right foot (`PersonEdits.contact_marks`); empty if there are
            none.
        feet: [2, Q] bool; the points that belong to the left and the right foot.
    """

    fps: float
    camera: np.ndarray
    sight: np.ndarray
    offsets: np.ndarray
    mass: np.ndarray
    relative_error: np.ndarray
    marks: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    feet: np.ndarray = field(default_factory=lambda: np.zeros((2, 0), bool))

    @classmethod
    def of(
        cls, person: PersonMotion, body: BodyData, fps: float, camera: np.ndarray, marks: np.ndarray | None = None
    ) -> "BodyPoints":
        """The points of a person.

        Args:
            person: the motion.
            body: the body of the motion.
            fps: frame rate.
            camera: [N, 3] position of the camera, meters.
            marks: [N, 2] edited contacts, if there are any.
        """
        vertices = np.append(sole_vertices(body), outermost_vertices(body))
        poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
        bones, joints = pose_skeleton(poses, rest_joints(body, person.betas.astype(np.float64)))
        pelvis = joints[:, 0] + person.trans
        return cls(
            fps,
            camera,
            pelvis - camera,
            surface_points(person, body, vertices, bones) - pelvis[:, None],
            center_of_mass(joints) - joints[:, 0],
            relative_error(person.joint_errors[:, 1:].mean(1), person.confidence),
            np.zeros((0, 2)) if marks is None else marks,
            np.array([np.isin(body.weights[vertices].argmax(1), joints_of_foot) for joints_of_foot in _FEET]),
        )

    def __len__(self) -> int:
        return len(self.sight)

    def positions(self, log_distance: np.ndarray) -> np.ndarray:
        """Positions [N, Q, 3] of the points after corrections [N] of the log of the distance."""
        return (self.camera + np.exp(log_distance)[:, None] * self.sight)[:, None] + self.offsets


def relative_error(joint_error: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Expected error [N] of the distance relative to that of a usual frame, at least 1.

    It grows with the square of the expected error of the joints (docs/experiments/2026-11-29-root-path.md).

    Args:
        joint_error: [N] mean expected error of the joints, meters; zeros if unknown.
        confidence: [N] 0 to 1.
    """
    growth = np.clip((joint_error / _USUAL_ERROR) ** 2, 1, _MAX_RELATIVE_ERROR)
    return np.asarray(growth / np.sqrt(np.clip(confidence, _MIN_CONFIDENCE, 1)))


def find_supports(body: BodyPoints, positions: np.ndarray, floor: Floor, distances_known: bool) -> np.ndarray:
    """Find the points that carry the body: at rest, and about as low as the lowest point.

    Args:
        body: the person.
        positions: [N, Q, 3] of the points.
        floor: the floor.
        distances_known: otherwise distances may jump and the floor's height is unknown, so that only the speed across
            the line of sight counts.

    Returns:
        [N, Q] bool.
    """
    height = floor.heights(positions)
    above = height - height.min(1, keepdims=True)
    is_low = height < (_MAX_HEIGHT if distances_known else np.inf)
    speed = point_speed(positions, body.fps, body.camera, DEPTH_WEIGHT if distances_known else 0.0)
    may_start = is_low & (above < _START_HEIGHT) & (speed < START_SPEED)
    may_continue = is_low & (above < _END_HEIGHT) & (speed < END_SPEED)
    supports = np.zeros(height.shape, bool)
    for point in range(height.shape[1]):
        for first, end in true_runs(may_continue[:, point], MIN_DURATION * body.fps):
            supports[first:end, point] = may_start[first:end, point].any()
    return _with_marks(supports, height, body) if body.marks.any() else supports


def _with_marks(supports: np.ndarray, height: np.ndarray, body: BodyPoints) -> np.ndarray:
    """Supports [N, Q] with the edited contacts of the feet: the lowest points of a foot in contact, and none otherwise.

    Args:
        supports: [N, Q] bool.
        height: [N, Q] of the points, meters.
        body: gives the edited contacts.
    """
    supports = supports.copy()
    for mark, foot in zip(body.marks.T, body.feet, strict=True):
        heights = height[:, foot]
        is_low = heights < heights.min(1, keepdims=True) + _START_HEIGHT
        marked = np.where((mark < 0)[:, None], False, supports[:, foot])
        supports[:, foot] = np.where((mark > 0)[:, None], is_low, marked)
    return supports


def find_flights(body: BodyPoints, positions: np.ndarray, supports: np.ndarray, floor: Floor) -> np.ndarray:
    """Find the frames [N] in which a person touches nothing, between take-off and landing.

    Args:
        body: the person.
        positions: [N, Q, 3] of the points.
        supports: [N, Q] from `find_supports`.
        floor: the floor.
    """
    is_free = (floor.heights(positions).min(1) > FLIGHT_HEIGHT) & ~supports.any(1)
    flights = np.zeros(len(is_free), bool)
    for first, end in true_runs(is_free, _MIN_FLIGHT * body.fps):
        flights[first:end] = first > 0 and end < len(is_free)
    return flights
