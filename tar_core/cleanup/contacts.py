"""Ground contacts of a body, found from its motion: points that are slow and, once the floor is known, close to it."""

from functools import lru_cache

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.filters import smooth_points, smoothing_window, true_runs
from tar_core.motion import Floor, PersonMotion
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, pose_skeleton

SOLE_LANDMARKS = ("LHeel", "LBigToe", "RHeel", "RBigToe")  # landmarks of the body; contacts use the soles below them
SOLE_JOINTS = [JOINT_NAMES.index(name) for name in ("left_ankle", "left_ankle", "right_ankle", "right_ankle")]

ORIGIN = np.zeros(3)  # position of a camera without translation

# Thresholds with hysteresis: a contact starts below the first value and ends above the second.
START_SPEED, END_SPEED = 0.25, 0.45  # m/s
START_HEIGHT, END_HEIGHT = 0.06, 0.10  # meters above the floor
MIN_DURATION = 0.1  # seconds of a contact

DEPTH_WEIGHT = 0.3  # of the speed along the line of sight, which is mostly noise
_SPEED_WINDOW = 0.17  # seconds of smoothing before speeds are computed
_SOLE_RADIUS = 0.04  # meters around a landmark in which the sole below it is searched


def sole_points(person: PersonMotion, body: BodyData) -> np.ndarray:
    """Soles of the heels and big toes (SOLE_LANDMARKS) in the camera frame, [N, 4, 3] meters."""
    return surface_points(person, body, sole_vertices(body))


@lru_cache(maxsize=2)
def sole_vertices(body: BodyData) -> np.ndarray:
    """Indices [4] of the vertices at the soles of SOLE_LANDMARKS."""
    return np.array([_sole_below(body, name) for name in SOLE_LANDMARKS])


def surface_points(
    person: PersonMotion, body: BodyData, vertices: np.ndarray, bones: np.ndarray | None = None
) -> np.ndarray:
    """Compute some vertices of the posed body, without pose correctives.

    Args:
        person: the motion.
        body: the body of the motion.
        vertices: [V] indices.
        bones: [N, 24, 4, 4] from `pose_skeleton`, if already known.

    Returns:
        [N, V, 3] in the camera frame, meters.
    """
    betas = person.betas.astype(np.float64)
    if bones is None:
        poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
        bones, _ = pose_skeleton(poses, rest_joints(body, betas))
    rest = body.v_template[vertices] + body.shapedirs[vertices] @ betas
    # Linear blend skinning of all frames and points, sum_j w_pj B_j (x_p, 1), as one product [3 N, 4 J] @ [4 J, V].
    weighted = body.weights[vertices].astype(np.float64)[:, :, None] * np.insert(rest, 3, 1.0, axis=1)[:, None]
    rows = bones[:, :, :3].swapaxes(1, 2).reshape(3 * len(bones), -1)
    points = (rows @ weighted.reshape(len(vertices), -1).T).reshape(len(bones), 3, -1)
    return points.swapaxes(1, 2) + person.trans[:, None]


def support_points(points: np.ndarray, speed: np.ndarray, floor: Floor) -> np.ndarray:
    """Find where the body is supported: points that are the lowest of the body and at rest.

    Args:
        points: [N, P, 3] on the whole surface of the body, camera frame, meters.
        speed: [N, P] from `point_speed`.
        floor: gives the vertical.

    Returns:
        [K, 3] mean positions, one per range of frames in which the same point is lowest and slow.
    """
    lowest = floor.heights(points).argmin(1)
    frames = np.arange(len(points))
    is_slow = speed[frames, lowest] < START_SPEED
    positions = [
        points[first:end, point][is_slow[first:end]].mean(0)
        for point in np.unique(lowest)
        for first, end in true_runs((lowest == point) & is_slow)
    ]
    return np.array(positions).reshape(-1, 3)


def find_contacts(
    points: np.ndarray, fps: float, floor: Floor | None = None, speed: np.ndarray | None = None
) -> np.ndarray:
    """Find the frames in which points are in contact with the ground.

    Args:
        points: [N, P, 3] in the camera frame, meters.
        fps: frame rate.
        floor: None if unknown. Contacts are then found by speed alone, and a foot at the turning point of its swing
            counts as a short contact.
        speed: [N, P] from `point_speed`, if already known.

    Returns:
        [N, P] bool.
    """
    speed = point_speed(points, fps) if speed is None else speed
    may_start, may_continue = speed < START_SPEED, speed < END_SPEED
    if floor is not None:
        height = floor.heights(points)
        may_start, may_continue = may_start & (height < START_HEIGHT), may_continue & (height < END_HEIGHT)
    contacts = np.zeros(speed.shape, bool)
    for point in range(speed.shape[1]):
        for first, end in true_runs(may_continue[:, point]):
            contacts[first:end, point] = may_start[first:end, point].any() and end - first >= MIN_DURATION * fps
    return contacts


def point_speed(
    points: np.ndarray, fps: float, camera: np.ndarray = ORIGIN, depth_weight: float = DEPTH_WEIGHT
) -> np.ndarray:
    """Speed of points, with a reduced weight along the line of sight (see `weighted_speed`).

    Args:
        points: [N, P, 3] meters.
        fps: frame rate.
        camera: [N, 3] or constant [3] position of the camera, meters.
        depth_weight: weight of the speed along the line of sight.

    Returns:
        [N, P] m/s.
    """
    count = len(points)
    if count < 2:
        return np.zeros(points.shape[:2])
    smooth = smooth_points(points, smoothing_window(_SPEED_WINDOW * fps, count))
    return weighted_speed(fps * np.gradient(smooth, axis=0), sight_lines(smooth, camera), depth_weight)


def weighted_speed(velocity: np.ndarray, sight: np.ndarray, depth_weight: float = DEPTH_WEIGHT) -> np.ndarray:
    """Speed with full weight across the line of sight and a reduced weight along it, where depth is noisy.

    Args:
        velocity: [N, P, 3] m/s.
        sight: [N, P, 3] unit vectors from the camera to the points.
        depth_weight: the reduced weight.

    Returns:
        [N, P] m/s.
    """
    along = (velocity * sight).sum(-1)
    across = velocity - along[..., None] * sight
    return np.sqrt((across**2).sum(-1) + (depth_weight * along) ** 2)


def sight_lines(points: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """Unit vectors [N, P, 3] from the camera, at [N, 3] or constant [3], to the points [N, P, 3]."""
    offset = points - np.reshape(camera, (-1, 1, 3))
    return offset / np.linalg.norm(offset, axis=-1, keepdims=True)


def _sole_below(body: BodyData, name: str) -> int:
    """The lowest vertex of the T-pose (y up) below a landmark."""
    offset = body.v_template - body.v_template[body.vertex_ids[name]]
    is_near = (np.hypot(offset[:, 0], offset[:, 2]) < _SOLE_RADIUS) & (np.abs(offset[:, 1]) < 2 * _SOLE_RADIUS)
    near = np.flatnonzero(is_near)
    return int(near[body.v_template[near, 1].argmin()])
