"""Rendered faces of the free body, with their true shape keys: for the benchmark of faces and as training data."""

from dataclasses import dataclass

import numpy as np

from tar_core.body.data import FREE_BODY, load_body
from tar_core.body.face_keys import FaceKeys, load_face_keys
from tar_core.camera.crop import Crop
from tar_core.face_names import FACE_KEY_NAMES
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES
from tar_core.synthetic.backgrounds import noise_background, random_lighting
from tar_core.synthetic.meshes import SkinnedMesh, split_seams, strongest_influences
from tar_core.synthetic.people import SKIN_TONES, face_paint, is_eye, sample_hair_color
from tar_core.synthetic.renderer import Material, Part, PersonRenderer, crop_projection
from tar_core.synthetic.scene import sample_betas
from tar_core.synthetic.sensor import Sensor

FRAME_SIDE = 320  # pixels
FOCAL_LENGTH = 1200.0  # pixels
MIN_PIXELS, MAX_PIXELS = 48, 160  # width of a face
FACE_WIDTH = 0.14  # meters
TURN = np.radians([20.0, 45.0, 20.0])  # largest pitch, yaw and roll of a head
_FACE_CENTER = np.array([0.0, 0.40, 0.10])  # of the free body in the T-pose
# Places of the nose, the right and the left eye, and the right and the left corner of the mouth.
_MARKS = np.array(
    [[0, 0.39, 0.16], [-0.031, 0.43, 0.128], [0.031, 0.43, 0.128], [-0.025, 0.358, 0.126], [0.025, 0.358, 0.126]]
)
_BUMPS = 10  # smooth offsets that make the features of a person
_SEEN = 0.3  # meters from the center; the body beyond is left out
_NECK = 0.33  # height from which the body belongs to the head


@dataclass(frozen=True)
class FacePicture:
    """A picture of a face.

    Attributes:
        image: [320, 320, 3] uint8 RGB, around the head.
        values: [52] true values of the shape keys.
        turn: [3, 3] true rotation of the head from the T-pose to the camera.
        points: [5, 2] nose, right and left eye, right and left corner of the mouth in the image, pixels.
        width: of the face in the image, pixels.
    """

    image: np.ndarray
    values: np.ndarray
    turn: np.ndarray
    points: np.ndarray
    width: float


# How often keys move together, and the keys; each side of a face is a little different.
_ACTIONS = (
    (0.30, ("eyeBlink",)),
    (0.15, ("eyeSquint", "cheekSquint")),
    (0.10, ("eyeWide",)),
    (0.35, ("jawOpen",)),
    (0.30, ("mouthSmile",)),
    (0.25, ("browInnerUp",)),
    (0.15, ("browOuterUp", "browInnerUp")),
    (0.25, ("browDown",)),
    (0.10, ("mouthFrown",)),
    (0.12, ("mouthPucker",)),
    (0.10, ("mouthFunnel",)),
    (0.10, ("mouthUpperUp",)),
    (0.10, ("mouthLowerDown",)),
    (0.08, ("mouthStretch",)),
    (0.08, ("mouthPress",)),
    (0.08, ("mouthDimple",)),
    (0.08, ("noseSneer",)),
    (0.05, ("cheekPuff",)),
    *((0.04, (name,)) for name in ("mouthLeft", "mouthRight", "jawLeft", "jawRight", "jawForward")),
    *((0.04, (name,)) for name in ("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper")),
)
_ONE_SIDE = 0.15  # share of the actions that move one side only


def sample_values(random: np.random.Generator) -> np.ndarray:
    """Draw the values [52] of the shape keys of a face; most of them are zero."""
    values = dict.fromkeys(FACE_KEY_NAMES, 0.0)
    for share, names in _ACTIONS:
        if random.random() >= share:
            continue
        strength = random.uniform(0.2, 1.0)
        sides = ["Left", "Right"]
        if random.random() < _ONE_SIDE:
            sides = [sides[random.integers(2)]]
        for name in names:
            for full in [name] if name in values else [name + side for side in sides]:
                values[full] = max(values[full], float(np.clip(strength + 0.08 * random.normal(), 0, 1)))
    if values["mouthPucker"] or values["mouthFunnel"]:  # nobody smiles with a pucker
        values["mouthSmileLeft"] = values["mouthSmileRight"] = 0.0
    return np.array(list(values.values()))


class FaceRenderer:
    """Renders faces of random people, with light, background and camera at random."""

    def __init__(self) -> None:
        with np.load(FREE_BODY) as data:
            base_index = data["base_index"]
        body = load_body()
        assert body.uv is not None and body.uv_faces is not None
        vertex, texture, faces = split_seams(body.faces.astype(int), body.uv_faces.astype(int))
        joints, weights = strongest_influences(body.weights.astype(float))
        is_seen = np.abs(body.v_template[vertex] - _FACE_CENTER).max(1) < _SEEN
        kept, faces = np.unique(faces[is_seen[faces].all(1)], return_inverse=True)
        vertex, texture, faces = vertex[kept], texture[kept], faces.reshape(-1, 3)
        self._mesh = SkinnedMesh(
            name="faces",
            template=body.v_template[vertex].astype(float),
            shapedirs=body.shapedirs[vertex].astype(float),
            joints=joints[vertex],
            weights=weights[vertex],
            uv=body.uv[texture].astype(float),
            regions=np.zeros(len(vertex)),
            faces=faces,
        )
        self._body, self._keys, self._vertex = body, load_face_keys(), vertex
        self._template = body.v_template.astype(float)
        self._eyes = is_eye(base_index)
        self._lips, self._mouth = _mouth_parts(self._template)
        marks = self._template[None] - _MARKS[:, None]
        self._marks = np.argmin((marks**2).sum(2), axis=1)
        self._lashes = _lashes(self._keys, len(base_index))
        self._renderer = PersonRenderer(shadow_size=1024, image_size=FRAME_SIDE)

    def pictures(self, random: np.random.Generator, count: int) -> list[FacePicture]:
        """Render one person some times, with other expressions, views and backgrounds.

        The pictures depend only on the state of the random generator.
        """
        betas = sample_betas(random)
        shape = self._template + self._body.shapedirs.astype(float) @ betas + self._features(random)
        paint = self._paint(random)[self._vertex]
        tone = SKIN_TONES[random.integers(len(SKIN_TONES))] * random.uniform(0.85, 1.1)
        skin = Material(palette=np.tile(tone, (12, 1)), specular=0.06, gloss=14.0, wrinkles=random.uniform(0.0, 0.3))
        pixels = np.exp(random.uniform(*np.log([MIN_PIXELS, MAX_PIXELS])))
        lighting, sensor = random_lighting(random), Sensor.sample(random)
        pictures = []
        for _ in range(count):
            values = sample_values(random)
            moved = shape + self._keys.moved(values, len(shape))
            vertices = moved[self._vertex]
            self._renderer.dress([Part(self._mesh, vertices, self._mesh.normals(vertices), skin, paint)])
            turn = _sample_turn(random)
            distance = FOCAL_LENGTH * FACE_WIDTH / pixels
            view = np.eye(4)
            view[:3, :3], view[:3, 3] = turn, [0, 0, distance] - turn @ _FACE_CENTER
            middle = (FRAME_SIDE - 1) / 2
            projection = crop_projection(Crop(middle, middle, FRAME_SIDE), FOCAL_LENGTH, np.full(2, middle))
            bones = np.tile(np.eye(4), (len(JOINT_NAMES), 1, 1))
            drawn = self._renderer.render(bones, view, projection, lighting)
            behind = noise_background(random, FRAME_SIDE).astype(np.uint16)
            image = (drawn[..., :3] + behind * (255 - drawn[..., 3:]) // 255).clip(0, 255).astype(np.uint8)
            image = sensor.expose(random, image, FRAME_SIDE)
            points = moved[self._marks] @ turn.T + view[:3, 3]
            points = points[:, :2] / points[:, 2:] * FOCAL_LENGTH + middle
            pictures.append(FacePicture(image, values, turn, points, pixels))
        return pictures

    def _features(self, random: np.random.Generator) -> np.ndarray:
        """Smooth symmetric offsets [V, 3] of a head, which make the features of a person."""
        template = self._template
        offsets = np.zeros_like(template)
        front = np.flatnonzero((template[:, 1] > _NECK) & (template[:, 2] > 0.05) & ~self._eyes)
        for _ in range(_BUMPS):
            center, shift = template[random.choice(front)], 0.003 * random.normal(size=3)
            reach = random.uniform(0.015, 0.04)
            for mirror in (np.ones(3), np.array([-1, 1, 1])):
                near = np.exp(-((template - mirror * center) ** 2).sum(1) / (2 * reach**2))
                offsets += near[:, None] * mirror * shift
        return offsets

    def _paint(self, random: np.random.Generator) -> np.ndarray:
        """Paint [V, 4] of eyes, brows, lashes, lips, the inside of the mouth, hair and clothes."""
        hair = sample_hair_color(random)
        paint = face_paint(random, self._template, self._eyes, hair)
        brows = (paint[:, 3] > 0) & ~self._eyes
        paint[brows] = [*(random.uniform(0.2, 0.45) * hair), random.uniform(0.8, 1.0)]  # darker than the hair
        paint[self._lashes] = [*(0.3 * hair), random.uniform(0.3, 0.95)]
        paint[self._mouth] = [0.05, 0.012, 0.012, 0.95]
        paint[self._lips] = [*np.array([0.45, 0.13, 0.12]) * random.uniform(0.5, 1.3), random.uniform(0.2, 0.7)]
        _, y, z = self._template.T
        scalp = (y > 0.455 + 0.06 * random.random()) | ((y > _NECK + 0.03) & (z < 0.04 - 0.03 * random.random()))
        if random.random() < 0.9:
            paint[scalp & ~self._eyes & (paint[:, 3] == 0)] = [*hair, 1.0]
        paint[y < _NECK - 0.04] = [*random.uniform(0.02, 0.7, 3), 1.0]
        return paint


def _sample_turn(random: np.random.Generator) -> np.ndarray:
    """Rotation [3, 3] of a head from the T-pose to a camera in front of it."""
    pitch, yaw, roll = random.uniform(-1, 1, 3) * TURN
    towards_camera = np.diag([1.0, -1.0, -1.0])
    turn = axis_angle_to_matrix(np.array([0, 0, roll])) @ towards_camera
    turn = turn @ axis_angle_to_matrix(np.array([pitch, 0, 0])) @ axis_angle_to_matrix(np.array([0, yaw, 0]))
    return np.asarray(turn)


def _mouth_parts(template: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether vertices [V] belong to the lips, and to the inside of the mouth."""
    x, y, z = template.T
    near = (np.abs(x) < 0.026) & (np.abs(y - 0.356) < 0.012) & (z > 0.06)
    surface = 0.143 - 20 * x**2
    lips = near & (np.abs(y - 0.356) < 0.0105 * (1 - (x / 0.028) ** 2)) & (z > surface - 0.012)
    inside = (np.abs(x) < 0.028) & (np.abs(y - 0.356) < 0.03) & (z > 0.04) & (z < surface - 0.014)
    return lips, inside


def _lashes(keys: FaceKeys, count: int) -> np.ndarray:
    """Whether vertices [V] are on the edges of the upper eyelids: those that move most in a blink."""
    result = np.zeros(count, bool)
    for side in ("Left", "Right"):
        row = FACE_KEY_NAMES.index(f"eyeBlink{side}")
        lengths = np.linalg.norm(keys.offsets[row], axis=1)
        result[keys.vertices[row][lengths > 0.96 * lengths.max()]] = True
    return result
