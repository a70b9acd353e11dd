"""Random scenes: a motion, a body shape, a camera, and crops as capture places them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tar_core.camera.crop import Crop
from tar_core.datasets.crop_track import crop_track
from tar_core.datasets.shards import CLIP_FRAMES
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle, rotation_z
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS
from tar_core.synthetic.motions import FPS, Motion, at_speed, leg_length, mirrored, reversed_in_time, with_legs

_ARM_PARTS = ("collar", "shoulder", "elbow", "wrist", "hand")
_KNEES = [JOINT_NAMES.index("left_knee"), JOINT_NAMES.index("right_knee")]

_ARM = {side: [JOINT_NAMES.index(f"{side}_{part}") for part in _ARM_PARTS] for side in ("left", "right")}
_ARMS = [*_ARM["left"], *_ARM["right"]]
_ABOVE_THE_HIPS = [*_ARMS, *(JOINT_NAMES.index(name) for name in ("spine1", "spine2", "spine3", "neck", "head"))]
_LEGS = [joint for joint in range(1, NUM_JOINTS) if joint not in _ABOVE_THE_HIPS]
# Groups of joints whose motion may come from another recording, and their probabilities.
_BORROWED = (_ARMS, _ABOVE_THE_HIPS, _ARM["left"], _ARM["right"], _LEGS)
_BORROWED_SHARES = (0.35, 0.25, 0.1, 0.1, 0.2)

# Standard deviations in degrees of a random rotation of each joint, which varies the poses of a recording.
_VARIATION = {
    "hip": (7, 5, 5),
    "knee": (6, 1, 1),
    "ankle": (6, 4, 2),
    "foot": (4, 1, 1),
    "spine1": (4, 4, 3),
    "spine2": (4, 4, 3),
    "spine3": (3, 4, 3),
    "neck": (6, 8, 5),
    "head": (6, 8, 5),
    "collar": (2, 4, 4),
    "shoulder": (11, 12, 13),
    "elbow": (4, 13, 5),
    "wrist": (7, 7, 9),
    "hand": (2, 2, 5),
}
_FRAMES = ((1280, 720), (1920, 1080), (1080, 1920), (720, 1280), (640, 480), (960, 540), (1440, 1080), (1080, 1080))
_MAX_BETA = 2.5
_MIN_DEPTH = 0.5
_BODY_HEIGHT, _BUST_HEIGHT = 1.7, 0.5  # meters that fill the frame; of a bust, those from shoulders to head
_BUST = [JOINT_NAMES.index(name) for name in ("neck", "head", "left_shoulder", "right_shoulder")]
_CLOSE_UPS = 0.05  # share of the scenes


@dataclass(frozen=True)
class Camera:
    """A static camera.

    Attributes:
        rotation, translation: [3, 3] and [3], from world to camera coordinates.
        focal_length: pixels.
        size: width and height of the frame, pixels.
    """

    rotation: np.ndarray
    translation: np.ndarray
    focal_length: float
    size: tuple[int, int]

    @property
    def principal_point(self) -> np.ndarray:
        """[2] the center of the frame, pixels; (0, 0) is the center of the first pixel."""
        return (np.array(self.size) - 1) / 2

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Convert world points [..., 3] to camera coordinates."""
        return points @ self.rotation.T + self.translation

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project world points [..., 3] to frame pixels [..., 2]."""
        camera = self.to_camera(points)
        return camera[..., :2] / camera[..., 2:] * self.focal_length + self.principal_point


@dataclass(frozen=True)
class Scene:
    """T frames of a person in front of a camera.

    Attributes:
        motion: of the person in the world; its `trans` is the pelvis.
        betas: [10].
        joints: [T, 24, 3] in the world.
        extremes: [T, K, 3] the outermost points of the body, in the world.
        camera: static.
        crops: T crops.
    """

    motion: Motion
    betas: np.ndarray
    joints: np.ndarray
    extremes: np.ndarray
    camera: Camera
    crops: list[Crop]

    def pixels(self) -> np.ndarray:
        """[T, 24 + K, 2] joints and outermost points in frame pixels."""
        return self.camera.project(np.concatenate([self.joints, self.extremes], 1))

    def still(self) -> "Scene":
        """The middle frame of the scene."""
        middle = len(self.joints) // 2
        frame = slice(middle, middle + 1)
        motion = replace(self.motion, poses=self.motion.poses[frame], trans=self.motion.trans[frame])
        return replace(
            self, motion=motion, joints=self.joints[frame], extremes=self.extremes[frame], crops=self.crops[frame]
        )

    def camera_joints(self) -> np.ndarray:
        """[T, 24, 3] joints in camera coordinates, meters."""
        return self.camera.to_camera(self.joints)

    def camera_poses(self) -> np.ndarray:
        """[T, 24, 3] axis-angle poses with global_orient in camera coordinates."""
        poses = self.motion.poses.copy()
        poses[:, 0] = matrix_to_axis_angle(self.camera.rotation @ axis_angle_to_matrix(poses[:, 0]))
        return poses


def sample_scene(
    random: np.random.Generator,
    motions: list[Motion],
    pose: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    frames: int = CLIP_FRAMES,
) -> Scene:
    """Draw a random scene.

    Args:
        motions: the recordings to draw from.
        pose: from poses [T, 24, 3] and betas [10] to joints [T, 24, 3] and outermost points of the body [T, K, 3], with
            any translation.
        frames: T.
    """
    while True:
        motion = sample_motion(random, motions, frames)
        betas = sample_betas(random)
        joints, extremes = pose(motion.poses, betas)
        motion = with_legs(motion, leg_length(joints))
        shift = (motion.trans - joints[:, 0])[:, None]
        body = np.concatenate([joints, extremes], 1) + shift
        if random.random() < _CLOSE_UPS:
            camera = sample_camera(random, body[:, _BUST], random.random() < 0.12, _BUST_HEIGHT)
        else:
            camera = sample_camera(random, body, random.random() < 0.12)
        if is_in_front(camera, body):
            break
    pixels = camera.project(body)
    zoomed = random.random() < 0.04
    crops = crop_track(random, pixels[:, :NUM_JOINTS], pixels, random.uniform(0.55, 0.85) if zoomed else 1.0)
    return Scene(motion, betas, body[:, :NUM_JOINTS], body[:, NUM_JOINTS:], camera, crops)


def sample_betas(random: np.random.Generator) -> np.ndarray:
    """Draw a body shape [10] from a standard normal distribution, clipped to 2.5 standard deviations."""
    return np.clip(random.normal(size=10), -_MAX_BETA, _MAX_BETA)


def motion_weight(motion: Motion) -> float:
    """Relative probability of a recording: the square root of its length, more for varied motion than for walking."""
    weight = np.sqrt(len(motion))
    if motion.name.startswith("cmu/007"):  # twelve takes of plain walking
        return float(0.5 * weight)
    varied = ("dance", "kick", "cartwheel", "spin", "getup", "crawl", "roll", "punch")
    return float(weight * (2.0 if any(word in motion.name for word in varied) else 1.0))


def sample_motion(random: np.random.Generator, motions: list[Motion], frames: int = CLIP_FRAMES) -> Motion:
    """Draw T frames of a random recording with varied poses and a random heading.

    Half of the samples take the motion of some joints from another recording.
    """
    motion = _excerpt(random, motions, frames)
    if random.random() < 0.5:
        borrowed = _BORROWED[random.choice(len(_BORROWED), p=_BORROWED_SHARES)]
        poses = motion.poses.copy()
        poses[:, borrowed] = _excerpt(random, motions, frames).poses[:, borrowed]
        motion = replace(motion, poses=poses)
    yaw = _rotation_y(random.uniform(-np.pi, np.pi))
    poses = _varied(random, motion.poses)
    poses[:, 0] = matrix_to_axis_angle(yaw @ axis_angle_to_matrix(poses[:, 0]))
    return replace(motion, poses=poses, trans=(motion.trans - motion.trans[frames // 2]) @ yaw.T)


def _excerpt(random: np.random.Generator, motions: list[Motion], frames: int) -> Motion:
    """Draw T frames of a random recording, at random mirrored, reversed, faster or slower.

    Short recordings are played forward and backward.
    """
    weights = np.array([motion_weight(motion) for motion in motions])
    recording = motions[random.choice(len(motions), p=weights / weights.sum())]
    speed = random.uniform(0.7, 1.3) * (2 if random.random() < 0.4 else 1)
    span = int(np.ceil(speed * (frames - 1))) + 1
    start = random.integers(0, max(len(recording) - span, 0) + 1)
    ping_pong = np.concatenate([np.arange(len(recording)), np.arange(len(recording) - 2, 0, -1)])
    part = np.take(ping_pong, np.arange(start, start + span), mode="wrap")
    motion = at_speed(replace(recording, poses=recording.poses[part], trans=recording.trans[part]), speed)
    motion = replace(motion, poses=motion.poses[:frames], trans=motion.trans[:frames])
    if random.random() < 0.5:
        motion = mirrored(motion)
    if random.random() < 0.3:
        motion = reversed_in_time(motion)
    return replace(motion, name=recording.name)


def _varied(random: np.random.Generator, poses: np.ndarray) -> np.ndarray:
    """Rotate every joint but the root of poses [T, 24, 3] by a random rotation that changes slowly."""
    deviation = np.zeros((NUM_JOINTS, 3))
    for joint, name in enumerate(JOINT_NAMES):
        deviation[joint] = np.radians(_VARIATION.get(name.removeprefix("left_").removeprefix("right_"), (0, 0, 0)))
    first, last = random.normal(size=(2, NUM_JOINTS, 3)) * deviation * np.exp(0.35 * random.normal())
    # In one second, the rotation changes halfway to another random one.
    seconds = np.arange(len(poses))[:, None, None] / FPS
    rotations = axis_angle_to_matrix(first + 0.5 * seconds * (last - first))
    varied = matrix_to_axis_angle(axis_angle_to_matrix(poses) @ rotations)
    varied[:, 0] = poses[:, 0]
    varied[:, _KNEES, 0] = np.maximum(varied[:, _KNEES, 0], -0.05)  # knees do not bend forward
    return varied


def sample_camera(
    random: np.random.Generator, body: np.ndarray, truncate: bool, height: float = _BODY_HEIGHT
) -> Camera:
    """Draw a camera with a body in its frame.

    Args:
        body: [T, K, 3] points in the world.
        truncate: whether points may lie outside the frame.
        height: approximate height of the points, meters.
    """
    size = _FRAMES[random.integers(len(_FRAMES))]
    diagonal = float(np.hypot(*size))
    focal_length = diagonal * np.exp(random.uniform(np.log(0.6), np.log(1.5)))
    pitch = np.radians(np.clip(random.normal() * 12 + 6, -30, 45) if random.random() < 0.7 else random.uniform(-20, 60))
    roll = np.radians(random.normal() * (4 if random.random() < 0.8 else 15))
    pitch_rotation = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    rotation = rotation_z(np.array(roll)) @ pitch_rotation @ np.diag([1.0, -1.0, -1.0])

    middle = (body.min((0, 1)) + body.max((0, 1))) / 2
    share = np.exp(random.uniform(np.log(0.7), np.log(1.6)) if truncate else random.uniform(np.log(0.28), np.log(0.85)))
    nearest = _MIN_DEPTH + 0.8 * height
    distance = np.clip(focal_length * height / (share * min(size[1], 1.3 * size[0])), nearest, 10.0)
    centered = Camera(rotation, np.array([0, 0, distance]) - rotation @ middle, focal_length, size)
    extent = np.abs(centered.project(body) - centered.principal_point).max((0, 1))
    slack = 0.35 * extent if truncate else -0.03 * np.array(size)
    reach = np.maximum(centered.principal_point - extent + slack, 0)
    pixel = random.uniform(-reach, reach)
    direction = np.array([*(pixel / focal_length), 1.0])
    return replace(centered, translation=direction * distance - rotation @ middle)


def is_in_front(camera: Camera, body: np.ndarray) -> bool:
    """Whether all points [..., 3] (world) are at least half a meter in front of the camera."""
    return bool((camera.to_camera(body)[..., 2] > _MIN_DEPTH).all())


def _rotation_y(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
