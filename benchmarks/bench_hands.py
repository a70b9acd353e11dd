"""`make bench-hands`: the accuracy and speed of captured fingers and faces on renderings that nothing was fitted to.

    python -m benchmarks.bench_hands [--count 400] [--people 30] [--sheet out/hands.png]

Each hand is looked at twice: in a crop that is displaced as crops from the body's landmarks are, and in the crop that
its own landmarks place, as in a capture. Only the second look counts. The last line holds the figures of the hands that
are longer than 64 pixels and that the network takes for hands, and of all faces (`face_errors`): the mean error of the
shape keys that matter, and the same for a face that does not move.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from benchmarks import face_errors
from benchmarks.face_errors import FaceScores, face_scores
from benchmarks.rotation_errors import degrees_between
from scripts.assets.fit_hand_joints import displaced_crop
from tar_core.arguments import positive_int
from tar_core.camera.crop import Crop
from tar_core.capture.networks import Networks
from tar_core.errors import TarError
from tar_core.hands.crops import crop_from_hand
from tar_core.hands.fit import fit_hand
from tar_core.hands.joints import hand_in_space, mirror_left, points_in_image
from tar_core.hands.skeleton import RELAXED, SIDES
from tar_core.hands.tracker import MIN_PRESENCE
from tar_core.model.hand_landmarks import HandLandmarks
from tar_core.options import CaptureOptions
from tar_core.synthetic.hands import HandPicture, HandRenderer

SEED = 20_261_129
SIZES = (40, 64, 96, 128, 180)  # pixels; bounds of the groups of hands
EDGES = [(0, 1), *((4 * f + a, 4 * f + a + 1) for f in range(5) for a in (1, 2, 3)), *((0, k) for k in (5, 9, 13, 17))]


@dataclass(frozen=True)
class Score:
    """Errors of a hand.

    Attributes:
        length: of the hand in the image, pixels.
        presence: probability of a hand.
        joints: mean distance of the joints and fingertips with the wrist in place, mm.
        fingers: the same with the palm's true rotation.
        angle: mean angle between true and captured rotations of the joints, degrees.
        relaxed: the same for a relaxed hand.
        palm: angle between true and captured rotations of the palm, degrees.
    """

    length: float
    presence: float
    joints: float
    fingers: float
    angle: float
    relaxed: float
    palm: float


def look_twice(
    networks: Networks, picture: HandPicture, random: np.random.Generator
) -> tuple[Crop, HandLandmarks, float]:
    """The crop and result of the second look at a hand, and the time of one look in seconds."""
    side = SIDES.index(picture.side)
    crop = displaced_crop(picture.points, random)
    found = networks.hands(mirror_left(crop.cut(picture.image), side)[None])
    crop = crop_from_hand(points_in_image(crop, found.points[0], side))
    start = time.perf_counter()
    found = networks.hands(mirror_left(crop.cut(picture.image), side)[None])
    return crop, found, time.perf_counter() - start


def score(picture: HandPicture, crop: Crop, found: HandLandmarks) -> Score:
    """Fit a hand to a result and compare it with the truth."""
    hand = hand_in_space(crop, found.code[0], found.cells[0], SIDES.index(picture.side))
    skeleton = picture.skeleton
    fitted = fit_hand(skeleton, hand.joints[None].astype(float), hand.angles[None].astype(float))
    rotations = skeleton.joint_rotations(fitted.angles)
    relaxed = skeleton.joint_rotations(RELAXED[None])
    posed, true = skeleton.landmarks(rotations)[0], picture.landmarks - picture.landmarks[0]

    def distance(points: np.ndarray) -> float:
        return float(np.linalg.norm(points - true, axis=1)[1:].mean() * 1000)

    return Score(
        length=picture.length,
        presence=float(found.presence[0]),
        joints=distance(posed @ fitted.palm[0].T),
        fingers=distance(posed @ picture.palm.T),
        angle=float(degrees_between(rotations[0], picture.rotations).mean()),
        relaxed=float(degrees_between(relaxed[0], picture.rotations).mean()),
        palm=float(degrees_between(fitted.palm[0], picture.palm)),
    )


def draw(picture: HandPicture, crop: Crop, found: HandLandmarks) -> np.ndarray:
    """A tile [192, 384, 3] of the true (left) and the found landmarks (right)."""
    tiles = []
    for points in (picture.points, points_in_image(crop, found.points[0], SIDES.index(picture.side))):
        tile = picture.image.copy()
        for number, (a, b) in enumerate(EDGES):
            color = tuple(int(value) for value in cv2.applyColorMap(np.uint8([[number * 12]]), cv2.COLORMAP_HSV)[0, 0])
            cv2.line(tile, np.round(points[a]).astype(int), np.round(points[b]).astype(int), color, 2)
        tiles.append(cv2.resize(tile, (192, 192), interpolation=cv2.INTER_AREA))
    return np.hstack(tiles)


def report(scores: Sequence[Score], seconds: Sequence[float], faces: FaceScores) -> None:
    """Print tables of the errors, and the figures."""
    print("length px   hands  seen   joints mm  fingers mm  angle  relaxed  palm (degrees; means and medians)")
    for low, high in [*pairwise(SIZES), (64, SIZES[-1])]:
        group = [s for s in scores if low <= s.length < high]
        seen = [s for s in group if s.presence >= MIN_PRESENCE]
        if not seen:
            continue
        columns = {
            name: np.array([getattr(s, name) for s in seen])
            for name in ("joints", "fingers", "angle", "relaxed", "palm")
        }
        values = "  ".join(f"{column.mean():5.1f} {np.median(column):5.1f}" for column in columns.values())
        print(f"{low:3d} to {high:3d}  {len(group):5d}  {len(seen) / len(group):4.0%}   {values}")
    face_errors.report(faces)
    large = [s for s in scores if s.length >= 64 and s.presence >= MIN_PRESENCE]
    print(
        f"FIGURE_HANDS mpjpe_mm={np.mean([s.joints for s in large]):.1f}"
        f" angle_deg={np.mean([s.angle for s in large]):.1f}"
        f" face_key_error={faces.error:.3f} face_neutral={faces.neutral:.3f}"
        f" ms_per_hand={np.median(seconds) * 1000:.1f}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure captured fingers and faces on rendered people.")
    parser.add_argument("--count", type=positive_int, default=400, help="number of hands (default: 400)")
    parser.add_argument("--people", type=positive_int, default=30, help="number of people with faces (default: 30)")
    parser.add_argument("--sheet", type=Path, help="PNG file for a contact sheet of the first hands")
    options = parser.parse_args(arguments)
    try:
        renderer, networks = HandRenderer(), Networks.load(CaptureOptions(device="cpu"))
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    scores, seconds, tiles = [], [], []
    for number in range(options.count):
        random = np.random.default_rng([SEED, number])
        picture = renderer.picture(random)
        crop, found, duration = look_twice(networks, picture, random)
        scores.append(score(picture, crop, found))
        seconds.append(duration)
        if len(tiles) < 40:
            tiles.append(draw(picture, crop, found))
    if options.sheet:
        options.sheet.parent.mkdir(parents=True, exist_ok=True)
        rows = [np.hstack(tiles[start : start + 4]) for start in range(0, len(tiles) - 3, 4)]
        cv2.imwrite(str(options.sheet), np.vstack(rows)[..., ::-1])
    report(scores, seconds, face_scores(networks, options.people))
    return 0


if __name__ == "__main__":
    sys.exit(main())
