"""When heels and toes stand on the ground, found from the motion itself: slow, and low once the floor is known."""

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.filters import smooth_points, smoothing_window, true_runs
from tar_core.motion import Floor, PersonMotion
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, pose_skeleton

SOLES = ("LHeel", "LBigToe", "RHeel", "RBigToe")  # landmarks of the body; what stands below them is followed
ANKLES = [JOINT_NAMES.index(name) for name in ("left_ankle", "left_ankle", "right_ankle", "right_ankle")]

ORIGIN = np.zeros(3)  # where a camera stands that does not travel

SLOW, FAST = 0.25, 0.45  # m/s: a contact begins below the first and ends above the second
LOW, HIGH = 0.06, 0.10  # meters above the floor: the same
SHORTEST = 0.1  # seconds
_ALONG = 0.3  # of the speed along the line of sight, which is mostly noise, counts
_LOOK = 0.17  # seconds over which the speed is taken
_REACH = 0.04  # meters around a landmark within which its sole is looked for


def sole_points(person: PersonMotion, body: BodyData) -> np.ndarray:
    """[N, 4, 3] the soles of heels and toes (SOLES) in the camera frame, meters."""
    return surface_points(person, body, sole_vertices(body))


def sole_vertices(body: BodyData) -> np.ndarray:
    """[4] the vertices that stand for SOLES."""
    return np.array([_sole_below(body, name) for name in SOLES])


def surface_points(
    person: PersonMotion, body: BodyData, vertices: np.ndarray, bones: np.ndarray | None = None
) -> np.ndarray:
    """[N, V, 3] some vertices of the posed body in the camera frame, meters; without pose correctives.

    Args:
        bones: [N, 24, 4, 4] from `pose_skeleton`, where they are known already.
    """
    betas = person.betas.astype(np.float64)
    if bones is None:
        poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
        bones, _ = pose_skeleton(poses, rest_joints(body, betas))
    rest = body.v_template[vertices] + body.shapedirs[vertices] @ betas
    # sum_j w_pj B_j (x_p, 1) for all frames and points is one product of matrices, [3 N, 4 J] by [4 J, V].
    weighted = body.weights[vertices].astype(np.float64)[:, :, None] * np.insert(rest, 3, 1.0, axis=1)[:, None]
    rows = bones[:, :, :3].swapaxes(1, 2).reshape(3 * len(bones), -1)
    points = (rows @ weighted.reshape(len(vertices), -1).T).reshape(len(bones), 3, -1)
    return points.swapaxes(1, 2) + person.trans[:, None]


def supports(points: np.ndarray, speed: np.ndarray, floor: Floor) -> np.ndarray:
    """Points of the whole surface [N, P, 3] -> [K, 3] where the lowest of them lay still: what carries the body.

    Each stretch in which the same point is the lowest and slow gives one place.

    Args:
        speed: [N, P] from `point_speed`.
    """
    lowest = floor.heights(points).argmin(1)
    frames = np.arange(len(points))
    slow = speed[frames, lowest] < SLOW
    places = [
        points[first:end, point][slow[first:end]].mean(0)
        for point in np.unique(lowest)
        for first, end in true_runs((lowest == point) & slow)
    ]
    return np.array(places).reshape(-1, 3)


def find_contacts(
    points: np.ndarray, fps: float, floor: Floor | None = None, speed: np.ndarray | None = None
) -> np.ndarray:
    """[N, P, 3] points in the camera frame, meters -> [N, P] bool: where they stand.

    Without a floor only their speed tells, and a foot at the turn of its swing counts for a moment.

    Args:
        speed: [N, P] from `point_speed`, where that is known already.
    """
    speed = point_speed(points, fps) if speed is None else speed
    begins, lasts = speed < SLOW, speed < FAST
    if floor is not None:
        height = floor.heights(points)
        begins, lasts = begins & (height < LOW), lasts & (height < HIGH)
    stands = np.zeros(speed.shape, bool)
    for point in range(speed.shape[1]):
        for first, end in true_runs(lasts[:, point]):
            stands[first:end, point] = begins[first:end, point].any() and end - first >= SHORTEST * fps
    return stands


def point_speed(points: np.ndarray, fps: float, camera: np.ndarray = ORIGIN) -> np.ndarray:
    """[N, P, 3] -> [N, P] m/s; across the line of sight in full, along it in part.

    Args:
        camera: [N, 3] where it is in each frame, or [3] where it stands; meters.
    """
    count = len(points)
    if count < 2:
        return np.zeros(points.shape[:2])
    calm = smooth_points(points, smoothing_window(_LOOK * fps, count))
    velocity = fps * np.gradient(calm, axis=0)
    sight = sight_lines(calm, camera)
    along = (velocity * sight).sum(-1)
    across = velocity - along[..., None] * sight
    return np.sqrt((across**2).sum(-1) + (_ALONG * along) ** 2)


def sight_lines(points: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """[N, P, 3] -> [N, P, 3] unit vectors from the camera, [N, 3] or [3], to the points."""
    away = points - np.reshape(camera, (-1, 1, 3))
    return away / np.linalg.norm(away, axis=-1, keepdims=True)


def _sole_below(body: BodyData, name: str) -> int:
    """The lowest vertex of the T-pose (y up) under a landmark."""
    away = body.v_template - body.v_template[body.vertex_ids[name]]
    near = np.flatnonzero((np.hypot(away[:, 0], away[:, 2]) < _REACH) & (np.abs(away[:, 1]) < 2 * _REACH))
    return int(near[body.v_template[near, 1].argmin()])
