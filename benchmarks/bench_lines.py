"""`make bench-lines`: cameras estimated from vanishing points, compared with known cameras.

Calibrated cameras: the first frames of pose2sim's two takes, four cameras each, and the exact views (by homography) of
rotated cameras with other lenses at the same places. Panoramas: views of low resolution of indoor and outdoor
photographs from bpy and from npm's @pmndrs/assets; the expected errors were calibrated on these. Then the first frames
of the videos of `make bench-world` and the floors of the motions from `make bench-real`, if these have been run. For
each set, the errors of the focal length from lines alone, from usual lenses alone, and from both joined are compared
with the expected errors. See tar_core/camera/vanishing_points.py and focal_length.py.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.pinhole import intrinsics, view_from
from benchmarks.triangulate import calibrated_cameras
from benchmarks.world.truth import Truth
from scripts.fetch.real_clips import fetch_video, find_clip
from scripts.fetch.training_pictures import PANORAMA_SUFFIXES, SOURCES, fetch_images
from scripts.paths import CACHE, REPOSITORY
from tar_core.body.data import load_body
from tar_core.camera.focal_length import FocalLengthBelief
from tar_core.camera.vanishing_points import CameraLikelihood, estimate_directions, find_segments, focal_length_cue
from tar_core.cleanup.foot_locking import lock_clip_feet
from tar_core.cleanup.ground_plane import find_floor
from tar_core.errors import TarError
from tar_core.motion import Floor, MotionClip
from tar_core.synthetic.backgrounds import panorama_view, read_panoramas
from tar_core.video.reader import VideoReader

TAKES = ("balance", "t_pose")
VIEWS = 8  # rotated views of each camera of the first take
ROTATION, ROLL = 5.0, 12.0  # largest angles of the rotated views, degrees; ROLL is about the line of sight
ZOOM = 1.3, 1.8  # range of zoom factors, chosen so that little of the view is outside the original image
PANORAMA_VIEWS = 8
CUES = ("lines alone", "lenses alone", "joined")
BANDS = (0.0, 1.0, 2.0, 4.0, 8.0, np.inf)  # of the expected error, degrees


@dataclass(frozen=True)
class View:
    """An image [H, W, 3] and its true camera: the up direction [3], the focal length in pixels."""

    name: str
    image: np.ndarray
    up: np.ndarray
    focal_length: float


@dataclass(frozen=True)
class Errors:
    """Errors of an estimated camera, each with the error that the estimate expects.

    Attributes:
        degrees, expected_degrees: of the up direction.
        focal_length, expected_focal_length: of the logarithm of the focal length.
        focal_lengths: the same two numbers for the focal length from each of `CUES`.
    """

    degrees: float
    expected_degrees: float
    focal_length: float
    expected_focal_length: float
    focal_lengths: dict[str, tuple[float, float]]


def camera_errors(view: View) -> Errors:
    """Estimate the camera of a view and compare it with the true camera."""
    height, width = view.image.shape[:2]
    likelihood = CameraLikelihood(find_segments(view.image), (width, height))
    cue, true = focal_length_cue(likelihood), np.log(view.focal_length / likelihood.diagonal)
    lenses, anything = FocalLengthBelief.of_lenses(), FocalLengthBelief.of_anything()
    beliefs = dict(zip(CUES, (anything.with_cue(*cue), lenses, lenses.with_cue(*cue)), strict=True))
    camera = estimate_directions(likelihood, beliefs["joined"].log_ratio, beliefs["joined"].error)
    return Errors(
        degrees_between(camera.up, view.up),
        camera.up_error,
        float(np.log(camera.focal_length / view.focal_length)),
        camera.focal_length_error,
        {name: (float(belief.log_ratio - true), belief.error) for name, belief in beliefs.items()},
    )


def degrees_between(a: np.ndarray, b: np.ndarray) -> float:
    """Angle between two vectors [3], degrees."""
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))


def calibrated_views() -> list[View]:
    """The first frame of every calibrated camera."""
    views = []
    for take in TAKES:
        clip = find_clip(take)
        for number, camera in zip(clip.cameras, calibrated_cameras(clip), strict=True):
            image = next(VideoReader(fetch_video(clip, number)).frames(0, 1)).image
            # The z axis of Qualisys points up.
            views.append(View(f"{take} cam{number:02d}", image, camera.rotation[:, 2], float(camera.intrinsics[0, 0])))
    return views


def rotated_views(view: View, random: np.random.Generator) -> Iterator[View]:
    """Views of rotated cameras with longer lenses at the same place."""
    height, width = view.image.shape[:2]
    size = (width // 2, height // 2)
    for number in range(VIEWS):
        angles = random.uniform(-1, 1, 3) * (ROTATION, ROTATION, ROLL)
        rotation = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
        focal_length = view.focal_length * random.uniform(*ZOOM) / 2
        source, target = intrinsics(view.focal_length, (width, height)), intrinsics(focal_length, size)
        image = view_from(view.image, source, rotation, target, size, cv2.INTER_AREA)
        yield View(f"{view.name} rotated {number}", image, rotation @ view.up, focal_length)


def panorama_views(folder: Path, random: np.random.Generator) -> Iterator[View]:
    """Views of all panoramas in a folder, from cameras with the tilts of hand-held ones."""
    for number, panorama in enumerate(read_panoramas(sorted(folder.iterdir()))):
        exposed = panorama / (np.percentile(panorama, 90) + 1e-6)
        colors = (np.clip(exposed, 0, 1) ** (1 / 2.2) * 255).astype(np.float32)
        for _ in range(PANORAMA_VIEWS):
            size = (240, 180) if random.random() < 0.5 else (180, 240)
            focal_length = np.hypot(*size) * np.exp(random.uniform(np.log(0.6), np.log(1.2)))
            pitch, roll = 8 + 12 * random.normal(), 4 * random.normal() * (5 if random.random() < 0.2 else 1)
            # The camera has OpenCV's axes: y down, z forward. The panorama has y up, and its center is at -z.
            rotation = Rotation.from_euler("yxz", [random.uniform(0, 360), pitch, roll], degrees=True)
            camera_from_world = (Rotation.from_euler("x", 180, degrees=True) * rotation.inv()).as_matrix()
            image = panorama_view(colors, size, focal_length, camera_from_world).clip(0, 255).astype(np.uint8)
            yield View(f"panorama {number}", np.ascontiguousarray(image), camera_from_world[:, 1], focal_length)


def world_views(folder: Path) -> Iterator[View]:
    """The first frames of the rendered videos of `make bench-world`."""
    for path in sorted(folder.glob("*.npz")):
        if path.with_suffix(".mp4").is_file():
            truth = Truth.load(path)
            image = next(VideoReader(path.with_suffix(".mp4")).frames(0, 1)).image
            yield View(path.stem, image, truth.rotations[0][:, 1], truth.focal_length)


def print_bands(title: str, errors: list[Errors]) -> None:
    """Print the errors, grouped by the expected errors."""
    print(f"\n{title}: {len(errors)} views")
    for low, high in pairwise(BANDS):
        band = [error.degrees for error in errors if low <= error.expected_degrees < high]
        if band:
            expected = f"{low:.0f} to {high:.0f}" if high < np.inf else f"more than {low:.0f}"
            print(
                f"  expected error of up {expected} degrees: {len(band):3d}, "
                f"median {np.median(band):.1f}, 80 % within {np.percentile(band, 80):.1f}"
            )
    print_calibration(errors)


def print_calibration(errors: list[Errors]) -> None:
    """Print the errors of the focal length from each of `CUES`, and how often they are below the expected errors."""
    for name in CUES:
        off, expected = np.abs([error.focal_lengths[name] for error in errors]).T
        print(
            f"  focal length, {name:12s}: within the expected error {np.mean(off <= expected):4.0%}, "
            f"median {np.median(off):5.1%} (expected {np.median(expected):5.1%}), "
            f"90 % within {np.percentile(off, 90):5.1%}"
        )


def print_floors(folder: Path, views: list[View]) -> None:
    """Print the floors of captured motions beside those of the calibrated cameras."""
    clip = find_clip(TAKES[0])
    motions = [folder / f"cam{number:02d}_motion.npz" for number in clip.cameras]
    if not all(path.is_file() for path in motions):
        print(f"\nfloors: no motion files in {folder}; run `make bench-real` first")
        return
    print("\nfloor of the captured motion: pitch, roll, height")
    print(f"  {'':18s} {'true':>22s} {'found':>22s} {'without lines':>22s}")
    body = load_body()
    for path, camera, view in zip(motions, calibrated_cameras(clip), views, strict=False):
        # The origin of the calibration is on the floor.
        true = Floor(view.up, float(-(camera.rotation.T @ camera.translation)[2]))
        motion = lock_clip_feet(MotionClip.load(path), body, 1.0)
        floors = [true, find_floor(motion, body), find_floor(replace(motion, vertical=None), body)]
        print(f"  {view.name:18s} {' '.join(map(_floor_row, floors))}")


def _floor_row(floor: Floor | None) -> str:
    """Pitch and roll in degrees, and the height in meters."""
    if floor is None:
        return f"{'none':>22s}"
    return f"{np.degrees(floor.pitch):7.1f} {np.degrees(floor.roll):7.1f} {floor.height:6.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare cameras estimated from vanishing points with known cameras.")
    parser.add_argument(
        "--motions", type=Path, default=REPOSITORY / "out" / "bench_real", help="output folder of make bench-real"
    )
    parser.add_argument("--panoramas", type=Path, default=CACHE / "panoramas", help="folder of the panoramas")
    options = parser.parse_args()
    try:
        run(options.motions, options.panoramas)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run(motions: Path, panoramas: Path) -> None:
    """Run the benchmark; the arguments are folders."""
    random = np.random.default_rng(0)
    views = calibrated_views()
    errors = [camera_errors(view) for view in views]
    print("calibrated camera    error of up  expected    error of focal length  expected")
    for view, error in zip(views, errors, strict=True):
        print(
            f"  {view.name:18s} {error.degrees:11.1f}  {error.expected_degrees:8.1f}"
            f"    {error.focal_length:+21.1%}  {error.expected_focal_length:8.1%}"
        )
    rotated = [rotated for view in views[:4] for rotated in rotated_views(view, random)]
    print_calibration(errors)
    print_bands("rotated cameras with other lenses at the same places", [camera_errors(view) for view in rotated])
    for source in SOURCES:
        if any(name.endswith(PANORAMA_SUFFIXES) for name in source.images):
            fetch_images(source, panoramas)
    in_panoramas = [camera_errors(view) for view in panorama_views(panoramas, random)]
    print_bands("panoramas", in_panoramas)
    if rendered := [camera_errors(view) for view in world_views(CACHE / "bench_world")]:
        print_bands("rendered videos of make bench-world, first frames", rendered)
    print_floors(motions, views)
    tilt = np.mean([error.degrees for error in errors])
    focal_length = np.mean([abs(error.focal_length) for error in errors])
    within = [abs(error.focal_length) <= error.expected_focal_length for error in in_panoramas]
    print(
        f"FIGURE tilt_deg={tilt:.1f} focal_percent={100 * focal_length:.1f} "
        f"panorama_focal_percent={100 * np.median([abs(error.focal_length) for error in in_panoramas]):.1f} "
        f"panorama_within_expected={np.mean(within):.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
