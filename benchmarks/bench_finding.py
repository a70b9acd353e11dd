"""Which people are found in single pictures, with and without the second look of `tar_core.people.second_look`.

Pictures with a person on the floor (the key poses of benchmarks/world/motions.py, seen from other sides, with other
bodies, clothes and backgrounds than in `make bench-world`), and views of panoramas without people. The tracker sees
each picture as a still video of half a second; a person is found if a confirmed track covers the true box (IoU of at
least 0.3), and every other confirmed track is false. It needs what `make bench-world` needs.

    python -m benchmarks.bench_finding [--poses 3] [--views 2]
"""

import argparse
import itertools
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.bench_world import DATA, make_studio
from benchmarks.world.backdrops import make_backdrop
from benchmarks.world.motions import MADE, Key
from benchmarks.world.people import MIN_IOU
from benchmarks.world.rendering import BLUR, NOISE, PersonLayer, Studio, compose, make_truth
from benchmarks.world.scenes import PORTRAIT, Actor, Recipe
from scripts.paths import CACHE
from tar_core.arguments import positive_int
from tar_core.body.data import FREE_BODY, load_body
from tar_core.capture.networks import Networks
from tar_core.errors import TarError
from tar_core.options import CaptureOptions
from tar_core.people.boxes import box_iou
from tar_core.people.tracker import PeopleTracker
from tar_core.synthetic.key_poses import LOW, ON_THE_GROUND
from tar_core.synthetic.motions import FPS
from tar_core.synthetic.people import People

STILL_FPS, STILL_FRAMES = 10.0, 6
GROUPS = {"on the ground": tuple(ON_THE_GROUND), "low": tuple(LOW)}
SETTINGS = (  # yaw of the person, distance, height and aim of the camera, size, backdrop
    (0, 4.2, 1.4, 0.4, (1280, 720), "apartment"),
    (-40, 5.0, 2.2, 0.5, (1280, 720), "room"),
    (100, 4.0, 1.2, 0.5, PORTRAIT, "field:park"),
    (200, 6.0, 1.8, 0.5, (1280, 720), "lobby"),
)


@dataclass(frozen=True)
class Picture:
    """A picture [H, W, 3] uint8 RGB, with the box [4] of the person in it, if any."""

    group: str
    image: np.ndarray
    box: np.ndarray | None


def pictures_of_people(studio: Studio, count: int) -> Iterator[Picture]:
    """Pictures of every n-th key pose, so that there are `count` per group and setting."""
    body = load_body()
    people = People(FREE_BODY, studio.garments)
    for (group, poses), (number, setting) in itertools.product(GROUPS.items(), enumerate(SETTINGS)):
        yaw, distance, height, aim, size, backdrop_name = setting
        chosen = [poses[(number + k * len(poses) // count) % len(poses)] for k in range(count)]
        MADE["still"] = tuple(Key(float(k), pose) for k, pose in enumerate([*chosen, chosen[0]]))
        recipe = Recipe(
            f"{group} {number}", group, (Actor("made/still", yaw),), frames=int(count * FPS), distance=distance,
            height=height, aim=aim, size=size, backdrop=backdrop_name, seed=zlib.crc32(f"{group}{number}".encode()),
        )  # fmt: skip
        random = np.random.default_rng(recipe.seed)
        truth = make_truth(recipe, studio.recordings, body)
        backdrop = make_backdrop(recipe.backdrop, studio.panoramas, random)
        layer = PersonLayer(people, truth, 0, backdrop, random)
        joints = truth.project(truth.joints(0, body))
        for frame in range(0, len(truth), int(FPS)):
            behind = backdrop.view(truth.rotations[frame], truth.positions[frame], truth.focal_length, recipe.size)
            image, _ = compose(behind, [layer.draw(frame)])
            yield Picture(group, noisy(image, random), np.concatenate([joints[frame].min(0), joints[frame].max(0)]))


def pictures_without_people(studio: Studio, count: int) -> Iterator[Picture]:
    """Views of all panoramas, `count` of each, at the height of the eyes."""
    recipe = Recipe("view", "view", (Actor("made/lie"),), frames=1)
    for path in sorted(studio.panoramas.iterdir()):
        random = np.random.default_rng(zlib.crc32(path.stem.encode()))
        backdrop = make_backdrop(path.stem, studio.panoramas, random)
        for _ in range(count):
            truth = make_truth(replace(recipe, seed=int(random.integers(1 << 30))), studio.recordings, load_body())
            turn, _ = cv2.Rodrigues(np.array([0, random.uniform(0, 2 * np.pi), 0]))
            focal_length = float(random.uniform(700, 2000))
            view = backdrop.view(truth.rotations[0] @ turn, truth.positions[0], focal_length, recipe.size)
            yield Picture("nobody", noisy(view, random), None)


def noisy(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """An image with the blur and the noise of `make bench-world`."""
    noise = NOISE * random.standard_normal(image.shape, np.float32)
    return np.clip(cv2.GaussianBlur(image, (0, 0), BLUR) + noise, 0, 255).astype(np.uint8)


def count_people(tracker: PeopleTracker, picture: Picture) -> tuple[bool, int]:
    """Whether the person of a picture is found, and the number of false people."""
    boxes: dict[int, np.ndarray] = {}
    for frame in range(STILL_FRAMES):
        boxes |= {sighting.track_id: sighting.box for sighting in tracker.step(frame, picture.image)}
    confirmed = [boxes[track.track_id] for track in tracker.confirmed_tracks()]
    if picture.box is None:
        return False, len(confirmed)
    overlaps = [box_iou(box, picture.box) for box in confirmed]
    found = max(overlaps, default=0.0) >= MIN_IOU
    return found, len(confirmed) - found


def measure(pictures: Iterator[Picture]) -> None:
    """Print the number of found and of false people for each group."""
    networks = Networks.load(CaptureOptions(device="cpu"))
    counts: dict[str, np.ndarray] = {}
    for number, picture in enumerate(pictures):
        row = [picture.box is not None]
        for second in (None, networks.movenet):
            row += count_people(PeopleTracker(networks.backbone, networks.detector, STILL_FPS, movenet=second), picture)
        counts[picture.group] = counts.get(picture.group, 0) + np.array([1, *row])
        print(f"{number}: {picture.group}, found {row[1]} and {row[3]}, false {row[2]} and {row[4]}", flush=True)
    print("\n| | pictures | found without, with second look | false without, with |\n|---|---|---|---|")
    for group, (total, _, found, false, found_now, false_now) in counts.items():
        print(f"| {group} | {total} | {found}, {found_now} | {false}, {false_now} |")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="which people are found in single pictures")
    parser.add_argument("--poses", type=positive_int, default=3, help="poses per group and setting")
    parser.add_argument("--views", type=positive_int, default=2, help="views of each panorama")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with motion and body (default: shared/data)")
    options = parser.parse_args(arguments)
    try:
        studio = make_studio(options.data, CACHE, with_recordings=False)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    measure(itertools.chain(pictures_of_people(studio, options.poses), pictures_without_people(studio, options.views)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
