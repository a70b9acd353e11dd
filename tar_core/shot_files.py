"""Motion files of videos with several shots: the arrays of each clip, with its number before their names."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tar_core.files import write_npz
from tar_core.motion import ADVICE, SHOTS_VERSION, WHAT, MotionClip
from tar_core.motion_forms import SHOT_FORMS
from tar_core.npz import has_arrays, read_npz
from tar_core.shots import check_number


def save_shots(path: str | Path, clips: Sequence[MotionClip]) -> None:
    """Write the clips of a video to one file (docs/file_format.md). A single clip is written as `MotionClip.save` does.

    Raises:
        TarError: the file cannot be written.
    """
    if len(clips) == 1:
        clips[0].save(path)
        return
    numbers = [clip.shot.number for clip in clips if clip.shot is not None]
    arrays = {"format_version": np.int32(SHOTS_VERSION), "shots": np.array(numbers, np.int32)}
    for number, clip in zip(numbers, clips, strict=True):
        arrays |= {f"{_prefix(number)}{name}": array for name, array in clip.arrays().items()}
    write_npz(path, arrays)


def load_shots(path: str | Path, number: int | None = None) -> list[MotionClip]:
    """Read a motion file of any version, with one clip or with several shots.

    Args:
        number: the shot to read; None for all.

    Raises:
        TarError: the file does not exist, is not a motion file, has a newer format, or does not have the shot.
    """
    numbers = []
    if has_arrays(path, "shots"):
        numbers = read_npz(path, SHOT_FORMS, WHAT, ADVICE)["shots"].tolist()
    if not numbers:
        clip = MotionClip.load(path)
        if number is not None:
            check_number(number, [1 if clip.shot is None else clip.shot.number], path)
        return [clip]
    if number is not None:
        check_number(number, numbers, path)
    return [MotionClip.load(path, _prefix(n)) for n in numbers if number in (None, n)]


def _prefix(number: int) -> str:
    return f"shot_{number}/"
