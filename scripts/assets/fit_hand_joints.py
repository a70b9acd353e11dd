"""Train the layers that read the joints of hands and their angles from what the hand landmark network computes.

    python -m scripts.assets.fit_hand_joints FOLDER [--count COUNT]

writes tar_core/assets/hand_joints.safetensors, the layers of `tar_core.hands.joints` in half floats. Nothing but our
own rendered hands is used (`tar_core.synthetic.hands`), with other people, poses and views than in `make bench-hands`.
Rendering a thousand hands takes a minute on one CPU core. What the network sees in them is kept in the folder, one file
for each thousand, so that another run continues. Training takes minutes.
"""

import argparse
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from scripts.paths import REPOSITORY
from tar_core.arguments import positive_int
from tar_core.camera.crop import Crop
from tar_core.files import atomic_path
from tar_core.hands.crops import crop_from_hand
from tar_core.hands.joints import mirror_left
from tar_core.hands.skeleton import IS_FREE, SIDES
from tar_core.model.hand_landmarks import HAND_CROP_SIZE, NUM_HAND_LANDMARKS
from tar_core.model.hand_network import load_hand_landmarks
from tar_core.rotations import rotation_z
from tar_core.synthetic.hands import HandPicture, HandRenderer

WEIGHTS = REPOSITORY / "tar_core/assets/hand_joints.safetensors"
SEED = 5001
PART = 1000  # hands in a file
CROPS_PER_PICTURE = 2
REDUCED = 24  # channels of the cells in the first layer
WIDTHS = (96, 128)  # of the hidden layers
STEPS, BATCH, LEARNING_RATE, WEIGHT_DECAY = 8000, 256, 2e-3, 0.02
DROPOUT = 0.1, 0.03  # after the first and the second hidden layer
UNSEEN = 0.1  # weight in the loss of hands that the landmark network does not see, beside those that it sees
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


class JointLayers(nn.Module):
    """The layers of `tar_core.hands.joints`: code [B, C] and cells [B, K, S, S] to V values."""

    def __init__(self, code_size: int, cells: Sequence[int], values: int) -> None:
        super().__init__()
        channels, *grid = cells
        first, second = WIDTHS
        self.reduce = nn.Conv2d(channels, REDUCED, 1)
        self.read = nn.Linear(code_size + REDUCED * math.prod(grid), first)
        self.between = nn.Linear(first, second)
        self.last = nn.Linear(second, values)
        self.dropout = nn.ModuleList(map(nn.Dropout, DROPOUT))

    def forward(self, code: Tensor, cells: Tensor) -> Tensor:
        x = self.read(torch.cat([code, self.reduce(cells).relu().flatten(1)], 1))
        for dropout, layer in zip(self.dropout, (self.between, self.last), strict=True):
            x = layer(dropout(x.relu()))
        return x

    def linear(self) -> list[nn.Conv2d | nn.Linear]:
        """The layers with weights, in their order."""
        return [self.reduce, self.read, self.between, self.last]


def train(codes: Tensor, cells: Tensor, values: Tensor, presence: Tensor, steps: int = STEPS) -> JointLayers:
    """Train the layers.

    Args:
        codes: [N, C].
        cells: [N, K, S, S], may be half floats.
        values: [N, 63 + A] joints and free angles.
        presence: [N] probabilities of hands; hands that are not seen have less weight.
    """
    torch.manual_seed(0)
    layers = JointLayers(codes.shape[1], cells.shape[1:], values.shape[1])
    mean, spread = codes.mean(0), codes.std(0) + 1e-3
    some = cells[:: max(1, len(cells) // 4000)].float()
    cell_mean, cell_spread = (unit[:, None, None] for unit in (some.mean((0, 2, 3)), some.std((0, 2, 3)) + 1e-3))
    middle, scale = values.mean(0), values.std(0) + 1e-6
    coordinates = slice(0, 3 * NUM_HAND_LANDMARKS)
    scale[coordinates] = scale[coordinates].mean()  # a millimeter counts the same for all joints
    codes, values, weights = (codes - mean) / spread, (values - middle) / scale, UNSEEN + presence
    optimizer = torch.optim.AdamW(layers.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        rows = torch.randint(len(codes), (BATCH,))
        found = layers(codes[rows], (cells[rows].float() - cell_mean) / cell_spread)
        errors = functional.smooth_l1_loss(found, values[rows], reduction="none", beta=0.3).mean(1)
        optimizer.zero_grad()
        (errors * weights[rows]).mean().backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():  # The units become a part of the layers.
        layers.reduce.weight /= cell_spread
        layers.reduce.bias -= (layers.reduce.weight * cell_mean).sum((1, 2, 3))
        of_code = layers.read.weight[:, : len(mean)]
        of_code /= spread
        layers.read.bias -= of_code @ mean
        layers.last.weight *= scale[:, None]
        layers.last.bias.mul_(scale).add_(middle)
    return layers.eval()


def save(layers: JointLayers) -> None:
    """Write the layers to WEIGHTS."""
    origin = {"origin": "scripts/assets/fit_hand_joints.py, rendered hands", "licence": "GPL-3.0-or-later"}
    tensors = {}
    for number, layer in enumerate(layers.linear()):
        tensors[f"weight{number}"] = layer.weight.detach().flatten(1).half().contiguous()
        tensors[f"bias{number}"] = layer.bias.detach().half()
    save_file(tensors, WEIGHTS, metadata=origin | {"format": "pt"})
    print(f"{WEIGHTS}: {WEIGHTS.stat().st_size / 1e3:.0f} kB")


def samples(renderer: HandRenderer, numbers: Sequence[int]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Crops [224, 224, 3] as the network gets them, and the joints and free angles [63 + A] of their hands."""
    for number in numbers:
        random = np.random.default_rng([SEED, number])
        picture = renderer.picture(random)
        for _ in range(CROPS_PER_PICTURE):
            crop = displaced_crop(picture.points, random)
            values = np.concatenate([joints_in_crop(picture, crop), picture.angles[IS_FREE]])
            yield mirror_left(crop.cut(picture.image), SIDES.index(picture.side)), values


def render(folder: Path, count: int) -> None:
    """Render the hands whose files are missing, and write what the network sees in them."""
    network, renderer = load_hand_landmarks(), HandRenderer()
    for first in range(0, count, PART):
        file = folder / f"hands_{first:06d}.npz"
        if file.exists():
            continue
        rows = []
        for picture, values in samples(renderer, range(first, first + PART)):
            with torch.inference_mode():
                found = network(torch.from_numpy(picture).permute(2, 0, 1)[None] / 255)
            seen = (found.code, found.cells, torch.from_numpy(values)[None], found.presence)
            rows.append([column[0].numpy() for column in seen])
        codes, cells, values, presence = map(np.stack, zip(*rows, strict=True))
        with atomic_path(file) as path:
            np.savez(
                path,
                codes=codes.astype(np.float16),
                cells=cells.astype(np.float16),
                values=values.astype(np.float32),
                presence=presence,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder for what the network sees in the rendered hands")
    parser.add_argument("--count", type=positive_int, default=52000, help="number of rendered hands (default: 52000)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    render(options.folder, options.count)
    parts = [np.load(options.folder / f"hands_{first:06d}.npz") for first in range(0, options.count, PART)]
    codes, cells, values, presence = (
        torch.from_numpy(np.concatenate([part[name] for part in parts]))
        for name in ("codes", "cells", "values", "presence")
    )
    save(train(codes.float(), cells, values, presence))


if __name__ == "__main__":
    main()
