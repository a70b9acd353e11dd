"""`make bench-contacts`: the time to lock or release a foot in a long clip, and how far the locked foot slides.

A clip of one person who stands and moves one foot is imported. A contact of the foot is locked, released, and found
again at different frames, as the buttons in the People panel do. The figures are the slowest time of the whole
operation, its processor time, and the largest movement per frame of the locked foot's slowest point. The first change
also computes what all people share; it is printed, but it is not in the figures.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tar_core.cleanup.foot_locking import foot_points
from tar_core.cleanup.pipeline import clean_up
from tar_core.edits import PersonEdits
from tar_core.motion import MotionClip
from tar_core.options import CleanupOptions
from tests.support.standing import BODY, clip_of, stepping_motion

_LENGTH = 8  # frames that are locked


def slide(clip: MotionClip, first: int) -> float:
    """Lock the left foot in a range; return the largest movement per frame of its slowest point there, mm."""
    edits = {1: PersonEdits().with_contact("left", first, first + _LENGTH, True)}
    (person,) = clean_up(clip, BODY, CleanupOptions(), on_ground=True, edits=edits).clip.people
    moved = np.linalg.norm(np.diff(foot_points(person, BODY)[:, :2], axis=0), axis=-1)
    return 1000 * float(moved[first : first + _LENGTH].min(1).max())


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the time to change a foot contact in Blender.")
    parser.add_argument("--frames", type=int, default=1000)
    arguments = parser.parse_args()

    import bpy

    import tar_blender

    tar_blender.register()
    clip = clip_of(stepping_motion(1.0, arguments.frames))
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "walk.npz"
        clip.save(path)
        bpy.ops.tar.import_motion_file(filepath=str(path))
        for number, first in enumerate(range(40, arguments.frames - 40, max(1, arguments.frames // 6))):
            for contact in ("lock", "release", "found"):
                started, processor = time.perf_counter(), time.process_time()
                bpy.ops.tar.set_contact(
                    person="Person 1", foot="left", contact=contact, first=first, last=first + _LENGTH
                )
                taken.append((time.perf_counter() - started, time.process_time() - processor))
            print(f"frame {first}: " + ", ".join(f"{seconds:.2f} s" for seconds, _ in taken[3 * number :]))
    slides = [slide(clip, first) for first in (40, 70, 200)]
    seconds, processor = (max(times) for times in zip(*taken[1:], strict=True))
    print(
        f"FIGURE_CONTACTS resolve_{arguments.frames}_frames_s={seconds:.2f} processor_s={processor:.2f} "
        f"slide_mm={max(slides):.2f}"
    )
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # with the add-on registered, bpy 4.5 crashes in its normal exit
