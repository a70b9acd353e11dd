"""`make bench-lines`: what straight lines tell of a camera (tar_core/camera/vanishing_points.py), beside what is known.

Calibrated cameras: the first frames of pose2sim's two takes, four cameras each, and what another camera in the same
place, turned and with another lens, would have seen (a homography, so exact). Panoramas: views of photographs that bpy
and npm's @pmndrs/assets hold, indoors and outdoors, of low resolution; the expected errors were chosen on them. At the
end the floors of the motions that `make bench-real` left, if it did.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.triangulate import calibrated_cameras
from scripts.fetch.real_clips import fetch_video, find_clip
from scripts.fetch.training_pictures import PANORAMA_SUFFIXES, SOURCES, fetch_images
from scripts.paths import CACHE, REPOSITORY
from tar_core.body.data import load_body
from tar_core.camera.vanishing_points import estimate_camera, find_segments
from tar_core.capture.initial_camera import RELIABLE_FOCAL_LENGTH
from tar_core.cleanup.foot_locking import lock_clip_feet
from tar_core.cleanup.ground_plane import find_floor
from tar_core.errors import TarError
from tar_core.motion import Floor, MotionClip
from tar_core.synthetic.backgrounds import panorama_view, read_panoramas
from tar_core.video.reader import VideoReader

TAKES = ("balance", "t_pose")
VIEWS = 8  # of each of the first take's cameras
TURN, ROLL = 5.0, 12.0  # degrees by which they are turned at most; ROLL about the line of sight
ZOOM = 1.3, 1.8  # so that nothing is missing in the picture, or little
PANORAMA_VIEWS = 8
BANDS = (0.0, 1.0, 2.0, 4.0, 8.0, np.inf)  # of the expected error, degrees


@dataclass(frozen=True)
class View:
    """A picture [H, W, 3] and what is true of its camera: up [3], focal length in pixels."""

    name: str
    image: np.ndarray
    up: np.ndarray
    focal_length: float


@dataclass(frozen=True)
class Answer:
    """What the lines told of a view: degrees off, and by how much the focal length's logarithm is; each with the error
    that was expected."""

    degrees: float
    expected_degrees: float
    focal_length: float
    expected_focal_length: float


def ask(view: View) -> Answer:
    height, width = view.image.shape[:2]
    camera = estimate_camera(find_segments(view.image), (width, height))
    return Answer(
        degrees_between(camera.up, view.up),
        camera.up_error,
        float(np.log(camera.focal_length / view.focal_length)),
        camera.focal_length_error,
    )


def degrees_between(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))


def calibrated_views() -> list[View]:
    """The first frame of every calibrated camera."""
    views = []
    for take in TAKES:
        clip = find_clip(take)
        for number, camera in zip(clip.cameras, calibrated_cameras(clip), strict=True):
            image = next(VideoReader(fetch_video(clip, number)).frames(0, 1)).image
            # Qualisys counts z upwards.
            views.append(View(f"{take} cam{number:02d}", image, camera.rotation[:, 2], float(camera.intrinsics[0, 0])))
    return views


def turned_views(view: View, random: np.random.Generator) -> Iterator[View]:
    """What cameras in the same place would have seen: turned, and with a longer lens, so that nothing is missing."""
    height, width = view.image.shape[:2]
    size = (width // 2, height // 2)
    for number in range(VIEWS):
        angles = random.uniform(-1, 1, 3) * (TURN, TURN, ROLL)
        turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
        focal_length = view.focal_length * random.uniform(*ZOOM) / 2
        homography = (
            _intrinsics(focal_length, size) @ turn @ np.linalg.inv(_intrinsics(view.focal_length, (width, height)))
        )
        image = cv2.warpPerspective(view.image, homography, size, flags=cv2.INTER_AREA)
        yield View(f"{view.name} turned {number}", image, turn @ view.up, focal_length)


def _intrinsics(focal_length: float, size: tuple[int, int]) -> np.ndarray:
    return np.array([[focal_length, 0, (size[0] - 1) / 2], [0, focal_length, (size[1] - 1) / 2], [0, 0, 1]])


def panorama_views(folder: Path, random: np.random.Generator) -> Iterator[View]:
    """Views of every panorama in a folder, by cameras held as people hold them."""
    for number, panorama in enumerate(read_panoramas(sorted(folder.iterdir()))):
        exposed = panorama / (np.percentile(panorama, 90) + 1e-6)
        picture = (np.clip(exposed, 0, 1) ** (1 / 2.2) * 255).astype(np.float32)
        for _ in range(PANORAMA_VIEWS):
            size = (240, 180) if random.random() < 0.5 else (180, 240)
            focal_length = np.hypot(*size) * np.exp(random.uniform(np.log(0.6), np.log(1.2)))
            pitch, roll = 8 + 12 * random.normal(), 4 * random.normal() * (5 if random.random() < 0.2 else 1)
            # OpenCV's camera has y down and looks along z; the panorama has y up, and its middle is -z.
            turned = Rotation.from_euler("yxz", [random.uniform(0, 360), pitch, roll], degrees=True)
            camera_from_world = (Rotation.from_euler("x", 180, degrees=True) * turned.inv()).as_matrix()
            image = panorama_view(picture, size, focal_length, camera_from_world).clip(0, 255).astype(np.uint8)
            yield View(f"panorama {number}", np.ascontiguousarray(image), camera_from_world[:, 1], focal_length)


def show_bands(title: str, answers: list[Answer]) -> None:
    """Prints the errors by what was expected of them."""
    print(f"\n{title}: {len(answers)} views")
    for low, high in pairwise(BANDS):
        band = [answer.degrees for answer in answers if low <= answer.expected_degrees < high]
        if band:
            expected = f"{low:.0f} to {high:.0f}" if high < np.inf else f"more than {low:.0f}"
            print(
                f"  up expected to be off by {expected} degrees: {len(band):3d}, "
                f"median {np.median(band):.1f}, 80 % within {np.percentile(band, 80):.1f}"
            )
    sure = [abs(answer.focal_length) for answer in answers if answer.expected_focal_length < RELIABLE_FOCAL_LENGTH]
    if sure:
        print(f"  focal length believed: {len(sure):3d}, median {np.median(sure):.1%}, largest {max(sure):.1%} off")


def show_floors(folder: Path, views: list[View]) -> None:
    """Prints the floors of captured motions beside the calibrated cameras'."""
    clip = find_clip(TAKES[0])
    motions = [folder / f"cam{number:02d}_motion.npz" for number in clip.cameras]
    if not all(path.is_file() for path in motions):
        print(f"\nfloors: no motions in {folder}; `make bench-real` makes them")
        return
    print("\nfloor of the captured motion    true height  found   pitch, roll true    found         confidence")
    body = load_body()
    for path, camera, view in zip(motions, calibrated_cameras(clip), views, strict=False):
        # The room's z axis starts on the floor.
        true = Floor(view.up, float(-(camera.rotation.T @ camera.translation)[2]))
        found = find_floor(lock_clip_feet(MotionClip.load(path), body, 1.0), body)
        if found is None:
            print(f"  {view.name}: none")
            continue
        tilts = [f"{np.degrees(floor.pitch):6.1f} {np.degrees(floor.roll):6.1f}" for floor in (true, found)]
        heights = [f"{floor.height:6.2f}" for floor in (true, found)]
        print(f"  {view.name:28s} {'    '.join(heights)}     {'   '.join(tilts)}     {found.confidence:.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description="cameras by straight lines, beside what is known of them")
    parser.add_argument(
        "--motions", type=Path, default=REPOSITORY / "out" / "bench_real", help="what make bench-real left"
    )
    parser.add_argument("--pictures", type=Path, default=CACHE / "panoramas", help="folder of the panoramas")
    options = parser.parse_args()
    try:
        run(options.motions, options.pictures)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run(motions: Path, pictures: Path) -> None:
    random = np.random.default_rng(0)
    views = calibrated_views()
    answers = [ask(view) for view in views]
    print("calibrated camera    up off  expected    focal length off  expected")
    for view, answer in zip(views, answers, strict=True):
        print(
            f"  {view.name:18s} {answer.degrees:4.1f}    {answer.expected_degrees:4.1f}"
            f"        {answer.focal_length:+7.1%}           {answer.expected_focal_length:.1%}"
        )
    turned = [turned for view in views[:4] for turned in turned_views(view, random)]
    show_bands("the same, turned and through other lenses", [ask(view) for view in turned])
    for source in SOURCES:
        if any(name.endswith(PANORAMA_SUFFIXES) for name in source.images):
            fetch_images(source, pictures)
    show_bands("panoramas", [ask(view) for view in panorama_views(pictures, random)])
    show_floors(motions, views)
    tilt, focal_length = (
        np.mean([answer.degrees for answer in answers]),
        np.mean([abs(answer.focal_length) for answer in answers]),
    )
    print(f"FIGURE tilt_deg={tilt:.1f} focal_percent={100 * focal_length:.1f}")


if __name__ == "__main__":
    sys.exit(main())
