"""How one person moves in the world, frame by frame: the quantities that the plausibility report is based on.

Differences are taken over fixed times, not over single frames, so that clips of all frame rates can be compared.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.camera.placement import WorldPlacement
from tar_core.cleanup.center_of_mass import center_of_mass
from tar_core.cleanup.contacts import END_HEIGHT, find_contacts, point_speed, sole_vertices, surface_points
from tar_core.filters import true_runs
from tar_core.motion import MotionClip, PersonMotion
from tar_core.skeleton import NUM_JOINTS, pose_skeleton

STEP = 1 / 30  # seconds over which velocities and the jitter are computed
LONG_STEP = 0.1  # seconds over which accelerations and changes of distance are computed
FLIGHT_HEIGHT = 0.1  # meters; in free flight all of the body is higher. Recorded people reach 0.1 m on their toes
MIN_FLIGHT = 0.2  # seconds; the vertical acceleration of a shorter flight is too imprecise
MAX_APEX = 0.4  # seconds; feet that are at rest in the air for a shorter time are at the apex of a jump


@dataclass(frozen=True)
class Kinematics:
    """Quantities of one person in each of N frames; meters, seconds, z up.

    Attributes:
        fps: frame rate.
        frames: [N] frame numbers.
        velocity, acceleration: [N, 2] of the root: along the line of sight (positive away from the camera), and the
            magnitude across it.
        jitter: [N] mean jerk of the joints, 10 m/s^3 (`jitter`).
        sliding: [N] mean horizontal speed of the soles in contact; NaN if there is no contact.
        distance_change: [N] relative change of the distance from the camera within LONG_STEP that the box in the image
            does not support; 0 if there is no box.
        sole_height, height: [N] height of the lowest sole and of the lowest point of the body above the floor; NaN if
            the floor is unknown.
        in_contact: [N] bool; a foot is in contact with the ground.
        fall: [N] vertical acceleration of the center of mass in free flight (downward is negative); NaN elsewhere.
    """

    fps: float
    frames: np.ndarray
    velocity: np.ndarray
    acceleration: np.ndarray
    jitter: np.ndarray
    sliding: np.ndarray
    distance_change: np.ndarray
    sole_height: np.ndarray
    height: np.ndarray
    in_contact: np.ndarray
    fall: np.ndarray


def kinematics_of(
    person: PersonMotion, clip: MotionClip, body: BodyData, placement: WorldPlacement, has_floor: bool = True
) -> Kinematics:
    """Compute the kinematics of a person in the world.

    Args:
        person: one of the clip's people.
        clip: gives the frame rate and the camera.
        body: the clip's body.
        placement: where the clip's camera frame lies in the world.
        has_floor: whether the floor is the plane z = 0 of the world.
    """
    fps = clip.fps
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
    bones, joints = pose_skeleton(poses, rest_joints(body, person.betas.astype(np.float64)))
    joints = placement.points(joints + person.trans[:, None])
    outermost = outermost_vertices(body)
    points = placement.points(surface_points(person, body, np.append(sole_vertices(body), outermost), bones))
    soles = points[:, : -len(outermost)]
    camera = placement.points(clip.camera_positions(person.frames))
    offset = joints[:, 0] - camera
    distance = np.linalg.norm(offset, axis=1)
    contacts = ground_contacts(soles, fps, camera)
    height = points[..., 2].min(1) if has_floor else np.full(len(person), np.nan)
    flying = is_flying(height, contacts.any(1), fps)
    return Kinematics(
        fps=fps,
        frames=person.frames,
        velocity=_along_and_across(velocity(joints[:, 0], fps), offset / distance[:, None]),
        acceleration=_along_and_across(acceleration(joints[:, 0], fps), offset / distance[:, None]),
        jitter=_jitter_per_frame(joints, fps),
        sliding=sliding_speed(soles, contacts, fps),
        distance_change=unsupported_change(distance, person.boxes / clip.focal_lengths(person.frames)[:, None], fps),
        sole_height=soles[..., 2].min(1) if has_floor else height,
        height=height,
        in_contact=contacts.any(1) & ~flying,
        fall=fall_acceleration(center_of_mass(joints)[:, 2], flying, fps),
    )


@lru_cache(maxsize=2)
def outermost_vertices(body: BodyData) -> np.ndarray:
    """Indices of the vertices that are farthest along each axis in each part of the body, such as the tips of the toes.

    In any pose, the lowest of them is close to the lowest point of the body.
    """
    part = body.weights.argmax(1)
    indices = []
    for joint in np.unique(part):
        members = np.flatnonzero(part == joint)
        vertices = body.v_template[members]
        indices += [*members[vertices.argmin(0)], *members[vertices.argmax(0)]]
    return np.unique(indices)


def velocity(points: np.ndarray, fps: float) -> np.ndarray:
    """Velocity of points [N, ...] within STEP, at least one frame; the last frames repeat the last velocity."""
    count, step = len(points), _frames(STEP, fps)
    if count <= step:
        return np.zeros(points.shape)
    first = np.minimum(np.arange(count), count - 1 - step)
    return (points[first + step] - points[first]) * (fps / step)


def acceleration(points: np.ndarray, fps: float) -> np.ndarray:
    """Acceleration of points [N, ...] from second differences over LONG_STEP, constant at the ends."""
    count, step = len(points), _frames(LONG_STEP, fps)
    if count <= 2 * step:
        return np.zeros(points.shape)
    middle = np.clip(np.arange(count), step, count - 1 - step)
    return (points[middle + step] - 2 * points[middle] + points[middle - step]) * (fps / step) ** 2


def jitter(joints: np.ndarray, fps: float) -> np.ndarray:
    """Mean jerk of the joints [N, J, 3], [N - 3] in 10 m/s^3 (PIP, Yi et al. 2022, and EMDB's table)."""
    jerk = joints[3:] - 3 * joints[2:-1] + 3 * joints[1:-2] - joints[:-3]
    return fps**3 * np.linalg.norm(jerk, axis=-1).mean(-1) / 10


def ground_contacts(soles: np.ndarray, fps: float, camera: np.ndarray) -> np.ndarray:
    """Find the soles that carry the body: slow, and not much higher than the lowest sole. The floor is not needed.

    Args:
        soles: [N, P, 3] in the world, meters.
        fps: frame rate.
        camera: [N, 3] position of the camera in the world.

    Returns:
        [N, P] bool.
    """
    contacts = find_contacts(soles, fps, speed=point_speed(soles, fps, camera))
    return contacts & (soles[..., 2] < soles[..., 2].min(1, keepdims=True) + END_HEIGHT)


def sliding_speed(soles: np.ndarray, contacts: np.ndarray, fps: float) -> np.ndarray:
    """Mean horizontal speed [N] of the soles in contact, m/s; NaN in frames without a contact.

    Args:
        soles: [N, P, 3] in the world, meters.
        contacts: [N, P] bool.
        fps: frame rate.
    """
    step = _frames(STEP, fps)
    first = np.clip(np.arange(len(soles)), 0, max(len(soles) - 1 - step, 0))
    lasts = contacts[first] & contacts[np.minimum(first + step, len(soles) - 1)]
    speed = np.where(lasts, np.linalg.norm(velocity(soles, fps)[..., :2], axis=-1), 0.0)
    count = lasts.sum(1)
    return np.where(count > 0, speed.sum(1) / np.maximum(count, 1), np.nan)


def unsupported_change(distance: np.ndarray, boxes: np.ndarray, fps: float) -> np.ndarray:
    """Relative change of the distance within LONG_STEP that the size of the box in the image does not support.

    A person at a constant pose who comes nearer by 10 % appears larger by 10 %. Poses change the box too, so only the
    part of the change of distance that exceeds the change of the box counts.

    Args:
        distance: [N] from the camera, meters.
        boxes: [N, 4] x0 y0 x1 y1 in focal lengths; zeros if unknown.
        fps: frame rate.

    Returns:
        [N] signed as the change of distance; 0 in frames without boxes.
    """
    size = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    known = size > 0
    change = _change(np.log(distance), fps)
    supported = -np.sign(change) * _change(np.log(np.where(known, size, 1.0)), fps)
    return np.where(known, np.sign(change) * np.clip(np.abs(change) - np.maximum(supported, 0), 0, None), 0.0)


def is_flying(height: np.ndarray, in_contact: np.ndarray, fps: float) -> np.ndarray:
    """Find the frames in which the body touches nothing.

    Args:
        height: [N] of the lowest point of the body above the floor, meters.
        in_contact: [N] bool; a foot is at rest.
        fps: frame rate.

    Returns:
        [N] bool.
    """
    is_high = height > FLIGHT_HEIGHT
    flying = is_high & ~in_contact
    for first, end in true_runs(is_high & in_contact):
        between = first > 0 and end < len(flying) and flying[first - 1] and flying[end]
        flying[first:end] = between and end - first < MAX_APEX * fps
    return flying


def fall_acceleration(height: np.ndarray, flying: np.ndarray, fps: float) -> np.ndarray:
    """Vertical acceleration [N] of each flight of at least MIN_FLIGHT, from the parabola fitted to it; NaN elsewhere.

    Args:
        height: [N] of the center of mass, meters.
        flying: [N] bool from `is_flying`.
        fps: frame rate.
    """
    result = np.full(len(height), np.nan)
    for first, end in true_runs(flying, max(MIN_FLIGHT * fps, 4)):
        time = np.arange(end - first) / fps
        result[first:end] = 2 * np.polyfit(time - time.mean(), height[first:end], 2)[0]
    return result


def _frames(seconds: float, fps: float) -> int:
    return max(1, round(seconds * fps))


def _change(values: np.ndarray, fps: float) -> np.ndarray:
    """Change of values [N] within LONG_STEP around each frame."""
    step = _frames(LONG_STEP, fps)
    if len(values) <= step:
        return np.zeros(len(values))
    first = np.clip(np.arange(len(values)) - step // 2, 0, len(values) - 1 - step)
    return (values[first + step] - values[first]) * (LONG_STEP * fps / step)


def _along_and_across(vectors: np.ndarray, sight: np.ndarray) -> np.ndarray:
    """Split vectors [N, 3] into the component along unit vectors [N, 3] and the magnitude across them, [N, 2]."""
    along = (vectors * sight).sum(1)
    return np.stack([along, np.linalg.norm(vectors - along[:, None] * sight, axis=1)], 1)


def _jitter_per_frame(joints: np.ndarray, fps: float) -> np.ndarray:
    """Jitter [N] from every frame that is STEP after the last one; frames without a value repeat the nearest."""
    step = _frames(STEP, fps)
    count = len(joints)
    if count <= 3 * step:
        return np.zeros(count)
    values = np.empty(count)
    for phase in range(step):
        values[phase : count - 3 * step : step] = jitter(joints[phase::step], fps / step)[
            : len(range(phase, count - 3 * step, step))
        ]
    return values[np.clip(np.arange(count) - 3 * step // 2, 0, count - 3 * step - 1)]
