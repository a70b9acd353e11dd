"""Train the network that reads the joints of hands and their angles from the codes of the hand landmark network.

    python -m scripts.assets.fit_hand_joints [--count 27000]

writes tar_core/assets/hand_joints.safetensors, the layers of `tar_core.hands.joints` in half floats. Nothing but our
own rendered hands is used (`tar_core.synthetic.hands`), with other people, poses and views than in `make bench-hands`.
Rendering takes two hours on two CPU cores, training minutes.
"""

import argparse
from collections.abc import Iterator

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from scripts.paths import REPOSITORY
from tar_core.arguments import positive_int
from tar_core.camera.crop import Crop
from tar_core.hands.crops import crop_from_hand
from tar_core.hands.joints import mirror_left
from tar_core.hands.skeleton import IS_FREE, SIDES
from tar_core.model.hand_landmarks import HAND_CROP_SIZE, NUM_HAND_LANDMARKS
from tar_core.model.hand_network import load_hand_landmarks
from tar_core.rotations import rotation_z
from tar_core.synthetic.hands import HandPicture, HandRenderer

WEIGHTS = REPOSITORY / "tar_core/assets/hand_joints.safetensors"
SEED = 5001
CROPS_PER_PICTURE = 2
WIDTHS = (64, 128)  # of the hidden layers
STEPS, BATCH, LEARNING_RATE, WEIGHT_DECAY, DROPOUT = 8000, 256, 2e-3, 0.02, 0.03
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


def train(codes: Tensor, values: Tensor, presence: Tensor, steps: int = STEPS) -> nn.Sequential:
    """Train the network.

    Args:
        codes: [N, C].
        values: [N, 63 + A] joints and free angles.
        presence: [N] probabilities of hands; hands that are not seen have less weight.

    Returns:
        The network from codes to values: linear layers with ReLU between them.
    """
    torch.manual_seed(0)
    mean, spread = codes.mean(0), codes.std(0) + 1e-3
    middle, scale = values.mean(0), values.std(0) + 1e-6
    coordinates = slice(0, 3 * NUM_HAND_LANDMARKS)
    scale[coordinates] = scale[coordinates].mean()  # a millimeter counts the same for all joints
    codes, values, weights = (codes - mean) / spread, (values - middle) / scale, UNSEEN + presence
    first, second, last = (
        nn.Linear(n, m) for n, m in zip((codes.shape[1], *WIDTHS), (*WIDTHS, values.shape[1]), strict=True)
    )
    network = nn.Sequential(first, nn.ReLU(), nn.Dropout(DROPOUT), second, nn.ReLU(), last)
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        rows = torch.randint(len(codes), (BATCH,))
        errors = functional.smooth_l1_loss(network(codes[rows]), values[rows], reduction="none", beta=0.3).mean(1)
        optimizer.zero_grad()
        (errors * weights[rows]).mean().backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():  # The units become a part of the layers.
        first.weight /= spread
        first.bias -= first.weight @ mean
        last.weight *= scale[:, None]
        last.bias.mul_(scale).add_(middle)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last).eval()


def save(network: nn.Sequential) -> None:
    """Write the layers to WEIGHTS."""
    origin = {"origin": "scripts/assets/fit_hand_joints.py, rendered hands", "licence": "GPL-3.0-or-later"}
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    tensors = {f"weight{k}": layer.weight.detach().half().contiguous() for k, layer in enumerate(layers)}
    tensors |= {f"bias{k}": layer.bias.detach().half() for k, layer in enumerate(layers)}
    save_file(tensors, WEIGHTS, metadata=origin | {"format": "pt"})
    print(f"{WEIGHTS}: {WEIGHTS.stat().st_size / 1e3:.0f} kB")


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
    parser.add_argument("--count", type=positive_int, default=27000, help="number of rendered hands (default: 27000)")
    network = load_hand_landmarks()
    rows = []
    with torch.inference_mode():
        for picture, truth in samples(parser.parse_args().count):
            found = network(torch.from_numpy(picture).permute(2, 0, 1)[None] / 255)
            rows.append((found.code[0], torch.from_numpy(truth).float(), found.presence[0]))
    codes, values, presence = (torch.stack(column).clone() for column in zip(*rows, strict=True))
    save(train(codes, values, presence))


if __name__ == "__main__":
    main()
