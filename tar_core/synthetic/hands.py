"""Rendered hands of the free body, with their true poses: for the benchmark of hands and as training data."""

from dataclasses import dataclass

import numpy as np

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.crop import Crop
from tar_core.hands.skeleton import HIGHEST, IS_FREE, LOWEST, RELAXED, SIDES, SPREAD, HandSkeleton
from tar_core.model.hand_landmarks import PALM_LANDMARKS
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import HAND_JOINT_NAMES, NUM_BODY_JOINTS, NUM_HAND_JOINTS, SMPLH_JOINT_NAMES, pose_skeleton
from tar_core.synthetic.backgrounds import noise_background, random_lighting
from tar_core.synthetic.meshes import SkinnedMesh, split_seams, strongest_influences
from tar_core.synthetic.people import SKIN_TONES
from tar_core.synthetic.renderer import Material, Part, PersonRenderer, crop_projection
from tar_core.synthetic.scene import sample_betas
from tar_core.synthetic.sensor import Sensor

FRAME_SIDE = 384  # pixels
FOCAL_LENGTH = 1200.0  # pixels
MIN_PIXELS, MAX_PIXELS = 40, 180  # length of a hand
HAND_LENGTH = 0.18  # meters
HIDDEN_CONE = np.cos(np.radians(40))  # around the forearm, from where the body or the forearm would hide the hand
SLEEVES, GLOVES = 0.6, 0.1  # share of the hands with them


@dataclass(frozen=True)
class HandPicture:
    """A picture of a hand.

    Attributes:
        image: [384, 384, 3] uint8 RGB, around the hand.
        side: "left" or "right".
        angles: [5, 3, 3] true angles of the joints about their axes (`HandSkeleton`).
        rotations: [15, 3, 3] true rotations of the joints relative to their parents, in SMPL-H's order.
        palm: [3, 3] true rotation of the wrist from the T-pose to the camera.
        landmarks: [21, 3] in MediaPipe's order, in the camera frame, meters.
        skeleton: of this person's hand.
    """

    image: np.ndarray
    side: str
    angles: np.ndarray
    rotations: np.ndarray
    palm: np.ndarray
    landmarks: np.ndarray
    skeleton: HandSkeleton

    @property
    def points(self) -> np.ndarray:
        """[21, 2] the landmarks in the image, pixels."""
        return self.landmarks[:, :2] / self.landmarks[:, 2:] * FOCAL_LENGTH + (FRAME_SIDE - 1) / 2

    @property
    def length(self) -> float:
        """Length of the stretched hand in the image, pixels, if it is parallel to the image."""
        return FOCAL_LENGTH * HAND_LENGTH / float(self.landmarks[PALM_LANDMARKS, 2].mean())


def sample_angles(random: np.random.Generator) -> np.ndarray:
    """Draw angles [5, 3, 3] of the joints of a hand, in their limits (`HandSkeleton`).

    A third of the hands is near relaxed. The others bend each finger by an amount of its own, all joints of it alike:
    fists, pointing and counting hands.
    """
    noise = random.normal(size=LOWEST.shape)
    angles = RELAXED + 0.33 * SPREAD * noise
    if random.random() < 2 / 3:
        common = random.random()
        bend = np.where(random.random(5) < 0.5, common, random.random(5))[:, None]
        flexion = LOWEST[..., 1] + bend * 0.95 * (HIGHEST - LOWEST)[..., 1]
        angles[..., 1] = flexion + 0.2 * SPREAD[..., 1] * noise[..., 1]
    return np.where(IS_FREE, np.clip(angles, LOWEST, HIGHEST), 0.0)


class HandRenderer:
    """Renders hands of random people, with light, background and camera at random."""

    def __init__(self) -> None:
        self.body = load_body().with_fingers()
        uv, uv_faces = self.body.uv, self.body.uv_faces
        assert uv is not None and uv_faces is not None
        vertex, texture, faces = split_seams(self.body.faces.astype(int), uv_faces.astype(int))
        joints, weights = strongest_influences(self.body.weights.astype(float))
        self._mesh = SkinnedMesh(
            name="hands",
            template=self.body.v_template[vertex].astype(float),
            shapedirs=self.body.shapedirs[vertex].astype(float),
            joints=joints[vertex],
            weights=weights[vertex],
            uv=uv[texture].astype(float),
            regions=np.zeros(len(vertex)),
            faces=faces,
        )
        self._renderer = PersonRenderer(supersampling=2, shadow_size=2048, image_size=FRAME_SIDE)

    def picture(self, random: np.random.Generator) -> HandPicture:
        """Render one hand, which depends only on the state of the random generator."""
        side = SIDES[random.integers(2)]
        betas = sample_betas(random)
        rest = rest_joints(self.body, betas.astype(np.float32)).astype(float)
        skeleton = HandSkeleton.of_body(side, rest)
        angles = sample_angles(random)
        rotations = skeleton.joint_rotations(angles[None])[0]
        pose = np.zeros((1, len(SMPLH_JOINT_NAMES), 3))
        first = NUM_BODY_JOINTS + (0 if side == "left" else NUM_HAND_JOINTS)
        pose[0, first : first + NUM_HAND_JOINTS] = matrix_to_axis_angle(rotations)
        wrist = SMPLH_JOINT_NAMES.index(f"{side}_wrist")
        pose[0, wrist] = random.normal(size=3) * np.radians([15, 15, 25])
        bones, joints = pose_skeleton(pose, rest, self.body.parents)
        palm = axis_angle_to_matrix(pose[0, wrist])
        landmarks = joints[0, wrist] + skeleton.landmarks(rotations[None])[0] @ palm.T

        turn, distance = _sample_view(random)
        view = np.eye(4)
        view[:3, :3], view[:3, 3] = turn, [0, 0, distance] - turn @ landmarks[PALM_LANDMARKS].mean(0)
        middle = (FRAME_SIDE - 1) / 2
        projection = crop_projection(Crop(middle, middle, FRAME_SIDE), FOCAL_LENGTH, np.full(2, middle))
        self._renderer.dress([self._person(random, betas, side)])
        drawn = self._renderer.render(bones[0], view, projection, random_lighting(random))
        behind = noise_background(random, FRAME_SIDE).astype(np.uint16)
        image = (drawn[..., :3] + behind * (255 - drawn[..., 3:]) // 255).clip(0, 255).astype(np.uint8)
        image = Sensor.sample(random).expose(random, image, FRAME_SIDE)
        return HandPicture(image, side, angles, rotations, turn @ palm, landmarks @ turn.T + view[:3, 3], skeleton)

    def _person(self, random: np.random.Generator, betas: np.ndarray, side: str) -> Part:
        """The body, with or without a long sleeve and a glove on a side."""
        vertices = self._mesh.shaped(betas)
        tone = SKIN_TONES[random.integers(len(SKIN_TONES))] * random.uniform(0.85, 1.1)
        material = Material(
            palette=np.tile(tone, (12, 1)), specular=0.06, gloss=14.0, wrinkles=random.uniform(0.1, 0.5)
        )
        paint = np.zeros((len(vertices), 4))
        hand = [SMPLH_JOINT_NAMES.index(name) for name in (*HAND_JOINT_NAMES, f"{side}_wrist")]
        is_hand = np.isin(self._mesh.joints[:, 0], hand)
        if random.random() < SLEEVES:
            paint[~is_hand] = [*random.uniform(0.02, 0.7, 3), 1.0]
        if random.random() < GLOVES:
            paint[is_hand] = [*random.uniform(0.02, 0.7, 3), 1.0]
        return Part(self._mesh, vertices, self._mesh.normals(vertices), material, paint)


def _sample_view(random: np.random.Generator) -> tuple[np.ndarray, float]:
    """Rotation [3, 3] from the world to a camera that looks at a hand in the T-pose, and its distance in meters."""
    while True:
        ahead, right = random.normal(size=(2, 3))
        ahead /= np.linalg.norm(ahead)
        if abs(ahead[0]) < HIDDEN_CONE:
            break
    right -= (right @ ahead) * ahead
    right /= np.linalg.norm(right)
    pixels = np.exp(random.uniform(*np.log([MIN_PIXELS, MAX_PIXELS])))
    return np.stack([right, np.cross(ahead, right), ahead]), FOCAL_LENGTH * HAND_LENGTH / pixels
