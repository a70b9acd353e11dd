"""Fit the values of the face's shape keys to the landmarks of the face landmark network, on rendered faces.

    python -m scripts.assets.fit_face_values [--people 140]

writes tar_core/assets/face_values.safetensors: the reference face and the linear map of `tar_core.face.shape`, in half
floats. Nothing but our own rendered faces is used (`tar_core.synthetic.faces`), of other people than in
`make bench-hands`.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import save_file
from scipy.optimize import linear_sum_assignment

from scripts.paths import REPOSITORY
from tar_core.arguments import positive_int
from tar_core.camera.crop import Crop
from tar_core.face.crops import crop_from_body, crop_from_face
from tar_core.face.shape import CAPTURED_KEYS, KEY_ROWS, align_face
from tar_core.face.tracker import FACE_WIDTH, MIN_PRESENCE
from tar_core.model.face_landmarks import FaceLandmarks
from tar_core.model.face_network import load_face_landmarks
from tar_core.synthetic.faces import FacePicture, FaceRenderer

WEIGHTS = REPOSITORY / "tar_core/assets/face_values.safetensors"
SEED, FIRST = 11, 200  # of the first person
PICTURES = 16  # of a person
COMPONENTS = 100  # principal components of the landmarks that the map uses
NOISE = 0.3  # standard error of the components in the fit, in units of their spread, against overfitting
EPOCHS, BATCH, RATE = 60, 128, 1e-2
OUTSIDE = 0.05  # slope of the loss where values are clipped
# Standard errors of the first crop of a face, fractions of its size and radians, as in a capture.
SHIFT, GROWTH, ROLL = 0.04, 0.1, 0.1
MIRRORED = [
    CAPTURED_KEYS.index(name.replace("Left", "*").replace("Right", "Left").replace("*", "Right"))
    for name in CAPTURED_KEYS
]


def look_twice(
    network: Callable[[np.ndarray], FaceLandmarks], picture: FacePicture, random: np.random.Generator
) -> tuple[Crop, np.ndarray] | None:
    """Crop and landmarks [468, 3] of the second look at a face; None if the network does not take it for a face.

    The first crop is displaced as crops from the body's landmarks are, and the landmarks place the second one.
    """
    crop = crop_from_body(picture.points, picture.width / FACE_WIDTH)
    x, y = np.array([crop.center_x, crop.center_y]) + random.normal(size=2) * SHIFT * crop.size
    growth, turn = float(np.exp(random.normal() * GROWTH)), random.normal() * ROLL
    crop = Crop(float(x), float(y), crop.size * growth, crop.roll + turn, crop.pixels)
    for _ in range(2):
        found = network(crop.cut(picture.image)[None])
        if found.presence[0] < MIN_PRESENCE:
            return None
        points, looked_at = np.asarray(found.points[0], np.float64), crop
        crop = crop_from_face(crop.to_image(points[:, :2]))
    return looked_at, points


@dataclass(frozen=True)
class Samples:
    """Faces of some people.

    Attributes:
        points: [N, 468, 3] landmarks.
        values: [N, 8] true values of CAPTURED_KEYS.
        person: [N] numbers of the people.
    """

    points: np.ndarray
    values: np.ndarray
    person: np.ndarray


def samples(people: int) -> Samples:
    """Render people and find their landmarks."""
    renderer, model = FaceRenderer(), load_face_landmarks()

    @torch.inference_mode()
    def network(crops: np.ndarray) -> FaceLandmarks:
        found = model(torch.from_numpy(crops).permute(0, 3, 1, 2) / 255)
        return FaceLandmarks(*(part.numpy() for part in found))

    rows = []
    for number in range(people):
        random = np.random.default_rng([SEED, FIRST + number])
        for picture in renderer.pictures(random, PICTURES):
            found = look_twice(network, picture, random)
            if found is not None:
                rows.append((found[1], picture.values[KEY_ROWS], number))
        print(f"\r{number + 1} of {people} people, {len(rows)} faces", end="", flush=True)
    print()
    points, values, person = zip(*rows, strict=True)
    return Samples(np.array(points), np.array(values), np.array(person))


def without_neutral(arrays: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Subtract from arrays [N, ...] the median of their person."""
    result = arrays.copy()
    for number in np.unique(person):
        result[person == number] -= np.median(arrays[person == number], 0)
    return result


def reference_face(faces: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mean face [468, 3], how steady its landmarks are [468], and the landmark that mirrors each [468]."""
    reference = faces.points[0] - faces.points[0].mean(0)
    steadiness = np.ones(len(reference))
    for _ in range(3):
        aligned = np.array([align_face(points, reference, steadiness)[0] for points in faces.points])
        reference = aligned.mean(0) - aligned.mean((0, 1))
        reference /= np.sqrt((reference**2).sum(1).mean())
        motion = (without_neutral(aligned, faces.person) ** 2).sum(-1).mean(0)
        steadiness = 1 / (motion + 0.3 * np.median(motion))
        mirror = reference * [-1, 1, 1]
        twin = linear_sum_assignment(((reference[:, None] - mirror) ** 2).sum(-1))[1]
        reference, steadiness = (reference + mirror[twin]) / 2, (steadiness + steadiness[twin]) / 2
    return reference, steadiness / steadiness.max(), twin


def fit(shapes: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The linear map with the least mean absolute error after clipping: weight [8, D] and bias [8].

    Args:
        shapes: [N, D] landmarks without the neutral of the person.
        values: [N, 8].
    """
    _, lengths, axes = np.linalg.svd(shapes, full_matrices=False)
    axes = axes[:COMPONENTS] / (lengths[:COMPONENTS] / np.sqrt(len(shapes)))[:, None]
    inputs, targets = torch.from_numpy(shapes @ axes.T).float(), torch.from_numpy(values).float()
    torch.manual_seed(0)
    layer = torch.nn.Linear(inputs.shape[1], values.shape[1])
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    optimizer = torch.optim.Adam(layer.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(inputs)).split(BATCH):
            optimizer.zero_grad()
            found = layer(inputs[rows] + NOISE * torch.randn(len(rows), inputs.shape[1]))
            inside = found.clamp(0, 1)
            loss = (inside + OUTSIDE * (found - inside) - targets[rows]).abs().mean(0).sum()
            loss.backward()
            optimizer.step()
        schedule.step()
    return layer.weight.detach().double().numpy() @ axes, layer.bias.detach().double().numpy()


def build(faces: Samples) -> dict[str, np.ndarray]:
    """The arrays of the file."""
    reference, steadiness, twin = reference_face(faces)
    aligned = np.array([align_face(points, reference, steadiness)[0] for points in faces.points])
    shapes = without_neutral(aligned, faces.person)
    both = np.concatenate([shapes, shapes[:, twin] * [-1, 1, 1]])
    weight, bias = fit(both.reshape(len(both), -1), np.concatenate([faces.values, faces.values[:, MIRRORED]]))
    return {"reference": reference, "steadiness": steadiness, "weight": weight, "bias": bias}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=positive_int, default=140, help="number of rendered people (default: 140)")
    arrays = build(samples(parser.parse_args().people))
    origin = {"origin": "scripts/assets/fit_face_values.py, rendered faces", "licence": "GPL-3.0-or-later"}
    tensors = {name: torch.from_numpy(np.ascontiguousarray(array)).half() for name, array in arrays.items()}
    save_file(tensors, WEIGHTS, metadata=origin | {"format": "pt"})
    print(f"{WEIGHTS}: {WEIGHTS.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
