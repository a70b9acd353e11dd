"""Contact sheets of the real clips with the captured bodies over them: what no number says is looked at here.

    python -m tools.bench_real --all      captures the clips
    python -m tools.wild_sheets           draws OUT/CLIP.png for each, from those motion files

A sheet shows the part of the picture in which people were captured, at moments spread over the clip: one pair of rows
(video, bodies) a camera. `balance` has none: it is `make demo`'s own.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.motion import MotionClip
from tar_core.overlay import body_of_clip, draw_people
from tools.contact_sheet import contact_sheet
from tools.demo import pick_frames
from tools.real_clips import CLIPS, RealClip

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 6
MARGIN = 0.1  # around the people, of the longer side


def draw_sheet(clip: RealClip, folder: Path) -> np.ndarray | None:
    """The clip's sheet [H, W, 3] uint8 RGB from the motion files in `folder`; None if there are none."""
    rows, titles = [], []
    for camera in clip.cameras:
        path = folder / f"{clip.name}_cam{camera:02d}.npz"
        if not path.is_file():
            continue
        motion = MotionClip.load(path)
        first = min(int(person.frames[0]) for person in motion.people)
        frames = np.linspace(first, motion.last_frame, COLUMNS).round().astype(int)
        seen = pick_frames(Path(motion.source), sorted(set(frames.tolist())))
        images = dict(zip(sorted(set(frames.tolist())), seen, strict=True))
        body, region = body_of_clip(motion), people_region(motion)
        titles = [f"frame {frame}" for frame in frames]
        rows.append((f"{clip.name}, camera {camera}", [images[frame][region] for frame in frames]))
        drawn = [draw_people(images[frame], motion, int(frame), body)[region] for frame in frames]
        rows.append((f"captured: {len(motion.people)} people", drawn))
    return contact_sheet(rows, titles) if rows else None


def people_region(clip: MotionClip) -> tuple[slice, slice]:
    """Rows and columns of the picture that hold everybody's boxes."""
    boxes = np.concatenate([person.boxes for person in clip.people])
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    margin = MARGIN * float((high - low).max())
    left, top = np.clip(low - margin, 0, [clip.width - 2, clip.height - 2]).astype(int)
    right, bottom = np.clip(high + margin, [left + 2, top + 2], [clip.width, clip.height]).astype(int)
    return slice(top, bottom), slice(left, right)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description="contact sheets of the captured real clips")
    parser.add_argument("--motions", type=Path, default=ROOT / "out" / "bench_real" / "clips", help="folder to read")
    parser.add_argument("--output", type=Path, default=ROOT / "out" / "wild", help="folder to write")
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
            raise TarError(f"{options.motions} holds no motion files; run python -m tools.bench_real --all first")
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
