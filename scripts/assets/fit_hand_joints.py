"""Fit the joints of hands and their angles to the codes of the hand landmark network, on rendered hands.

    python -m scripts.assets.fit_hand_joints [--count 3000]

writes tar_core/assets/hand_joints.safetensors: the linear map (ridge regression) of `tar_core.hands.joints`, in half
floats. Nothing but our own rendered hands is used (`tar_core.synthetic.hands`), with other people, poses and views than
in `make bench-hands`.
"""

import argparse
from collections.abc import Iterator

import numpy as np
import torch
from safetensors.torch import save_file

from scripts.paths import REPOSITORY
from tar_core.camera.crop import Crop
from tar_core.hands.crops import crop_from_hand
from tar_core.hands.joints import mirror_left
from tar_core.hands.skeleton import IS_FREE, SIDES
from tar_core.model.hand_landmarks import HAND_CROP_SIZE
from tar_core.model.hand_network import load_hand_landmarks
from tar_core.rotations import rotation_z
from tar_core.synthetic.hands import HandPicture, HandRenderer

WEIGHTS = REPOSITORY / "tar_core/assets/hand_joints.safetensors"
SEED = 11
CROPS_PER_PICTURE = 2
RIDGE = 300.0  # penalty on the squared weights of standardized codes
# Standard errors of crops, fractions of the size and radians, as in a capture.
SHIFT, GROWTH, ROLL = 0.06, 0.1, 0.2


def displaced_crop(points: np.ndarray, random: np.random.Generator) -> Crop:
    """A crop around a hand with landmarks [21, 2], displaced as crops in a capture are."""
    crop = crop_from_hand(points)
    x, y = np.array([crop.center_x, crop.center_y]) + random.normal(size=2) * SHIFT * crop.size
    size = crop.size * float(np.exp(random.normal() * GROWTH))
    return Crop(float(x), float(y), size, crop.roll + random.normal() * ROLL, HAND_CROP_SIZE)


def joints_in_crop(picture: HandPicture, crop: Crop) -> np.ndarray:
    """The true joints [63] from the wrist in the axes of the crop, of a left hand mirrored."""
    joints = (picture.landmarks - picture.landmarks[0]) @ rotation_z(np.array(crop.roll))
    return np.asarray(joints * [-1 if picture.side == "left" else 1, 1, 1]).reshape(-1)


def fit(codes: np.ndarray, values: np.ndarray, ridge: float = RIDGE) -> tuple[np.ndarray, np.ndarray]:
    """Ridge regression: weight [K, C] and bias [K] from codes [N, C] to values [N, K]."""
    mean, spread = codes.mean(0), codes.std(0) + 1e-3
    standard = (codes - mean) / spread
    normal = standard.T @ standard + ridge * np.eye(codes.shape[1])
    weight = np.linalg.solve(normal, standard.T @ (values - values.mean(0))).T / spread
    return weight, values.mean(0) - weight @ mean


def samples(count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Crops [224, 224, 3] as the network gets them, and the joints and free angles [63 + A] of their hands."""
    renderer = HandRenderer()
    for number in range(count):
        random = np.random.default_rng([SEED, number])
        picture = renderer.picture(random)
        for _ in range(CROPS_PER_PICTURE):
            crop = displaced_crop(picture.points, random)
            values = np.concatenate([joints_in_crop(picture, crop), picture.angles[IS_FREE]])
            yield mirror_left(crop.cut(picture.image), SIDES.index(picture.side)), values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=3000, help="number of rendered hands (default: 3000)")
    network = load_hand_landmarks()
    codes, values = [], []
    with torch.inference_mode():
        for picture, truth in samples(parser.parse_args().count):
            codes.append(network(torch.from_numpy(picture).permute(2, 0, 1)[None] / 255).code[0].numpy())
            values.append(truth)
    weight, bias = fit(np.array(codes, np.float64), np.array(values))
    origin = {"origin": "scripts/assets/fit_hand_joints.py, rendered hands", "licence": "GPL-3.0-or-later"}
    tensors = {"weight": torch.from_numpy(np.ascontiguousarray(weight)).half(), "bias": torch.from_numpy(bias).half()}
    save_file(tensors, WEIGHTS, metadata=origin | {"format": "pt"})
    print(f"{WEIGHTS}: {WEIGHTS.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
