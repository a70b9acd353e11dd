"""`make bench-world`: captured motion in the world, on rendered videos with known truth.

The videos (benchmarks/world/scenes.py) are rendered once and kept in .cache/bench_world. Each is captured by the
ordinary command with its default settings, then placed in the world as Blender's import does it, and compared with the
true people (benchmarks/world/scoring.py defines the measures). It needs the recordings and the garments of
shared/data beside the repository, and EGL to render.

    python -m benchmarks.bench_world                     all videos
    python -m benchmarks.bench_world --only walk_across  some of them
    python -m benchmarks.bench_world --keep              without capturing again what --output has
    python -m benchmarks.bench_world --sheets            also draw side and top views: OUTPUT/NAME.png
    python -m benchmarks.bench_world --capture=--raw     with more arguments for the command
    python -m benchmarks.bench_world --parts             also what WA-MPJPE is made of (benchmarks/world/parts.py)
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.recordings import read_recordings
from benchmarks.world.parts import errors_of_parts, parts_header, parts_row
from benchmarks.world.people import captured_people, identity_switches, match_people, must_be_found, true_people
from benchmarks.world.rendering import Studio
from benchmarks.world.scenes import Recipe, recipes
from benchmarks.world.scoring import Scores, angle_between, score_person
from benchmarks.world.sheets import draw_sheet
from benchmarks.world.summary import figure, header, row
from benchmarks.world.truth import Truth
from scripts.assets import turn_garments
from scripts.capture_command import capture_command
from scripts.fetch.training_pictures import PANORAMA_SUFFIXES, SOURCES, fetch_images
from scripts.paths import CACHE, REPOSITORY
from tar_core.body.data import BodyData, load_body
from tar_core.body.shape import rest_joints
from tar_core.cleanup.pipeline import CleanMotion, clean_up
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.options import NO_CLEANUP

DATA = REPOSITORY.parent / "shared" / "data"
EXIT_ERROR = 2  # exit code of capture after an error that it has reported, e.g. if it finds no people


@dataclass(frozen=True)
class Result:
    """A captured and scored video; `clean` is None if nobody was captured."""

    recipe: Recipe
    video: Path
    truth: Truth
    clean: CleanMotion | None
    scores: Scores


def make_studio(data: Path, cache: Path, with_recordings: bool = True) -> Studio:
    """Read and fetch what the videos are made of; without recordings, only key poses can be rendered.

    Raises:
        TarError: recordings or garments are missing, or panoramas cannot be downloaded.
    """
    body, garments = data / "body", cache / "bench_world" / "garments.npz"
    if not garments.exists():
        garments.parent.mkdir(parents=True, exist_ok=True)
        arguments = [body / "garments.npz", "--body", body / "free_smpl.npz", "--output", garments]
        if turn_garments.main([str(argument) for argument in arguments]):
            raise TarError(f"{body}: no garments; see docs/training.md")
    for source in SOURCES:
        if any(name.endswith(PANORAMA_SUFFIXES) for name in source.images):
            fetch_images(source, cache / "panoramas")
    recordings = read_recordings(data / "motion", rest_joints(load_body(), np.zeros(10))) if with_recordings else []
    named = {motion.name: motion for motion in recordings}
    return Studio(named, garments, cache / "panoramas", cache / "bench_world")


def capture(video: Path, motion: Path, arguments: Sequence[str] = ()) -> MotionClip | None:
    """Capture a video with the ordinary command and more arguments; None if capture reports an error.

    Raises:
        TarError: capture failed in another way.
    """
    motion.unlink(missing_ok=True)
    command = [*capture_command(video, motion, cleanup=True), "--quiet", *arguments]
    code = subprocess.run(command, cwd=REPOSITORY).returncode
    if code not in (0, EXIT_ERROR):
        raise TarError(f"{video}: capture failed (exit code {code}); see its output above")
    return None if code else MotionClip.load(motion)


def read_captures(folder: Path, studio: Studio) -> Iterator[tuple[MotionClip, Truth]]:
    """The motion files of a folder into which videos were captured, and the truth of each video.

    Raises:
        TarError: there are none.
    """
    found = [(recipe, folder / f"{recipe.name}-{recipe.digest}.npz") for recipe in recipes()]
    found = [(recipe, path) for recipe, path in found if path.exists()]
    if not found:
        raise TarError(f"{folder}: no motion files; run python -m benchmarks.bench_world --capture=--raw first")
    for recipe, path in found:
        yield MotionClip.load(path), studio.video(recipe)[1]


def score(recipe: Recipe, video: Path, truth: Truth, clip: MotionClip | None, body: BodyData) -> Result:
    """Place a captured clip in the world and compare it with the truth."""
    people = true_people(truth, body)
    clean = None if clip is None else clean_up(clip, body, NO_CLEANUP, on_ground=True)
    captured = captured_people(clean.clip, clean.placement, body) if clean else []
    matches = match_people(people, captured, truth.size)
    fps = clip.fps if clip else 30.0
    found = [must_be_found(person, visible, truth.size) for person, visible in zip(people, truth.visible, strict=True)]
    scores = Scores.pooled(
        [score_person(*pair, fps) for pair in zip(people, [captured] * len(people), matches, found, strict=True)]
    )
    scores.switches = np.array([identity_switches(matches)], float)
    if clean:
        scores.tilt = np.array([angle_between(clean.placement.rotation[2], truth.up)])
        ratio, expected = clean.clip.focal_length / truth.focal_length, clean.clip.focal_length_error or 0.0
        scores.focal, scores.focal_within = np.array([100 * (ratio - 1)]), np.array([abs(np.log(ratio)) <= expected])
    return Result(recipe, video, truth, clean, scores)


def run(
    studio: Studio, chosen: Sequence[Recipe], output: Path, keep: bool, sheets: bool, arguments: Sequence[str]
) -> list[Result]:
    """Capture videos, with more arguments for the command, and score them, with a row for each."""
    output.mkdir(parents=True, exist_ok=True)
    body = load_body()
    results = []
    print(header("video"))
    for recipe in chosen:
        video, truth = studio.video(recipe)
        motion = output / f"{recipe.name}-{recipe.digest}.npz"
        clip = MotionClip.load(motion) if keep and motion.exists() else capture(video, motion, arguments)
        result = score(recipe, video, truth, clip, body)
        results.append(result)
        print(row(recipe.name, result.scores), flush=True)
        if sheets and result.clean:
            draw_sheet(video, truth, result.clean, body, output / f"{recipe.name}.png")
    return results


def print_kinds(results: Sequence[Result]) -> None:
    """Print a row for each kind of motion, for held-out and other motions, with and without a room, and for all."""
    print(header("kind"))
    for kind in dict.fromkeys(result.recipe.kind for result in results):
        print(row(kind, Scores.pooled([result.scores for result in results if result.recipe.kind == kind])))
    groups = {
        "held-out": [result.scores for result in results if result.recipe.held_out],
        "seen motions": [result.scores for result in results if not result.recipe.held_out],
        "rooms (lines)": [result.scores for result in results if result.recipe.backdrop == "room"],
        "no room": [result.scores for result in results if result.recipe.backdrop != "room"],
        "all": [result.scores for result in results],
    }
    for name, scores in groups.items():
        print(row(name, Scores.pooled(scores)))
    print(figure(Scores.pooled(groups["all"])))


def print_parts(results: Sequence[Result], body: BodyData) -> None:
    """Print WA-MPJPE with parts replaced by the truth, for each kind of motion, with and without a room, for all."""
    captured = [(result, errors_of_parts(result.clean.clip, result.truth, body)) for result in results if result.clean]
    groups = {
        kind: [errors for result, errors in captured if result.recipe.kind == kind]
        for kind in dict.fromkeys(result.recipe.kind for result, _ in captured)
    }
    groups["rooms (lines)"] = [errors for result, errors in captured if result.recipe.backdrop == "room"]
    groups["no room"] = [errors for result, errors in captured if result.recipe.backdrop != "room"]
    groups["all"] = [errors for _, errors in captured]
    print(parts_header())
    for name, errors in groups.items():
        print(parts_row(name, errors))


def main() -> int:
    parser = argparse.ArgumentParser(description="measure captured motion in the world, on rendered videos")
    parser.add_argument("--only", nargs="+", default=[], help="names of videos")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with motion and body (default: shared/data)")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "out" / "bench_world", help="folder for the clips")
    parser.add_argument("--keep", action="store_true", help="do not capture again what the output folder has")
    parser.add_argument("--sheets", action="store_true", help="also draw side and top views")
    parser.add_argument("--parts", action="store_true", help="also print WA-MPJPE with parts replaced by the truth")
    parser.add_argument("--capture", action="append", default=[], help="another argument for capture")
    options = parser.parse_args()
    try:
        studio = make_studio(options.data, CACHE)
        chosen = [recipe for recipe in recipes() if not options.only or recipe.name in options.only]
        results = run(studio, chosen, options.output.resolve(), options.keep, options.sheets, options.capture)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.parts:
        print_parts(results, load_body())
    print_kinds(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
