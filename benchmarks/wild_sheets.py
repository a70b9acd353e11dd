"""Draw contact sheets of the real clips with the captured bodies over them, for inspection by eye.

    python -m benchmarks.bench_real --all      captures the clips
    python -m benchmarks.wild_sheets           draws OUT/CLIP.png for each clip from these motion files

A sheet has a pair of rows (video, bodies) for each camera, with whole frames from the whole clip, so that people who
were not detected are visible too. `balance` has no sheet: `make demo` draws one.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from scripts.contact_sheet import contact_sheet
from scripts.demo import pick_frames
from scripts.fetch.real_clips import CLIPS, RealClip
from scripts.paths import REPOSITORY
from tar_core.body.data import body_of_clip
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.motion import MotionClip
from tar_core.overlay import draw_people
from tar_core.video.reader import VideoReader

COLUMNS = 6


def draw_sheet(clip: RealClip, folder: Path) -> np.ndarray | None:
    """Draw the sheet [H, W, 3] uint8 RGB of a clip from the motion files in `folder`; None if there are none."""
    rows, titles = [], []
    for camera in clip.cameras:
        path = folder / f"{clip.name}_cam{camera:02d}.npz"
        if not path.is_file():
            continue
        motion = MotionClip.load(path)
        frames = spread_frames(clip, motion)
        images = pick_frames(Path(motion.source), frames)
        body = body_of_clip(motion)
        drawn = [draw_people(image, motion, frame, body) for image, frame in zip(images, frames, strict=True)]
        titles = [f"frame {frame}" for frame in frames]
        rows += [(f"{clip.name}, camera {camera}", images), (f"people captured: {len(motion.people)}", drawn)]
    return contact_sheet(rows, titles) if rows else None


def spread_frames(clip: RealClip, motion: MotionClip) -> list[int]:
    """Frame numbers spread evenly from the first to the last frame of the clip, whether people were captured or not."""
    last = clip.end
    if last is None:
        last = (VideoReader(motion.source).frame_count or motion.last_frame + 1) - 1
    return np.linspace(clip.start, last, COLUMNS).round().astype(int).tolist()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Draw contact sheets of the captured real clips.")
    parser.add_argument(
        "--motions", type=Path, default=REPOSITORY / "out" / "bench_real" / "clips", help="folder of the motion files"
    )
    parser.add_argument("--output", type=Path, default=REPOSITORY / "out" / "wild", help="folder for the sheets")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    count = 0
    try:
        for clip in CLIPS:
            sheet = draw_sheet(clip, options.motions)
            if sheet is not None:
                with atomic_path(options.output / f"{clip.name}.png") as temporary:
                    cv2.imwrite(str(temporary), sheet[..., ::-1])
                print(options.output / f"{clip.name}.png")
                count += 1
        if not count:
            raise TarError(f"{options.motions}: no motion files; run python -m benchmarks.bench_real --all first")
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
