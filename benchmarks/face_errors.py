"""The accuracy of captured faces on rendered people that nothing was fitted to; part of `make bench-hands`."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.rotation_errors import degrees_between
from scripts.assets.fit_face_values import look_twice
from tar_core.camera.crop_camera import Pinhole
from tar_core.capture.networks import Networks
from tar_core.face.motion import face_values
from tar_core.face.shape import CAPTURED_KEYS, KEY_ROWS, load_face_map
from tar_core.face.tracker import head_rotation
from tar_core.synthetic.faces import FOCAL_LENGTH, FRAME_SIDE, FaceRenderer

SEED = 20_261_130
PICTURES = 16  # of a person, whose neutral face is the median over them
WIDTHS = (48, 70, 110, 160)  # pixels; bounds of the groups of faces


@dataclass(frozen=True)
class FaceScores:
    """Faces that the network takes for faces.

    Attributes:
        found, true: [N, 8] values of CAPTURED_KEYS.
        head: [N] angles between true and captured rotations of the heads, degrees.
        width: [N] of the faces in the image, pixels.
        share: share of the faces that the network takes for faces.
    """

    found: np.ndarray
    true: np.ndarray
    head: np.ndarray
    width: np.ndarray
    share: float

    @property
    def error(self) -> float:
        """Mean absolute error of the keys."""
        return float(np.abs(self.found - self.true).mean())

    @property
    def neutral(self) -> float:
        """The same for a face that does not move."""
        return float(self.true.mean())


def face_scores(networks: Networks, people: int) -> FaceScores:
    """Render people, and compare the keys with the truth."""
    renderer, face_map = FaceRenderer(), load_face_map()
    found, true, head, width = [], [], [], []
    middle = (FRAME_SIDE - 1) / 2
    camera = Pinhole(FOCAL_LENGTH, (middle, middle))
    for number in range(people):
        random = np.random.default_rng([SEED, number])
        looks = [
            (look_twice(networks.faces, picture, random), picture) for picture in renderer.pictures(random, PICTURES)
        ]
        seen = [(*look, picture) for look, picture in looks if look is not None]
        if seen:
            raw, turns = zip(*(face_map.read(points) for _, points, _ in seen), strict=True)
            found.append(face_values(np.array(raw)))
            turned = np.array([head_rotation(camera, crop, turn) for (crop, *_), turn in zip(seen, turns, strict=True)])
            head.append(degrees_between(turned, np.array([picture.turn for *_, picture in seen])))
            true += [picture.values[KEY_ROWS] for *_, picture in seen]
            width += [picture.width for *_, picture in seen]
    share = len(true) / (people * PICTURES)
    return FaceScores(np.concatenate(found), np.array(true), np.concatenate(head), np.array(width), share)


def report(scores: FaceScores) -> None:
    """Print a table of the errors by key and by width."""
    print(f"\nshape keys of faces, mean absolute errors; {scores.share:.0%} of the faces seen")
    print(f"{'':16}  captured  neutral  correlation")
    for column, name in enumerate(CAPTURED_KEYS):
        found, true = scores.found[:, column], scores.true[:, column]
        correlation = np.corrcoef(found, true)[0, 1] if found.std() > 0 else 0.0
        print(f"{name:16}  {np.abs(found - true).mean():8.3f}  {true.mean():7.3f}  {correlation:11.2f}")
    for low, high in pairwise(WIDTHS):
        group = (low <= scores.width) & (scores.width < high)
        if group.any():
            error = np.abs(scores.found - scores.true)[group].mean()
            print(f"{f'{low} to {high} px':16}  {error:8.3f}  {scores.true[group].mean():7.3f}")
    print(f"rotation of the head: mean {scores.head.mean():.1f}, median {np.median(scores.head):.1f} degrees")
