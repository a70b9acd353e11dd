"""The lens that a camera wrote into its video file."""

import re
from pathlib import Path

from tar_core.errors import TarError
from tar_core.video.container import open_video

# Keys of the 35 mm equivalent, whatever their punctuation: com.apple.quicktime.camera.focal_length.35mm_equivalent of
# iPhones and iPads, FocalLengthIn35mmFilm, ...
_EQUIVALENT = re.compile("focallength(in)?35mm")
_LONGEST, _SHORTEST = 2000.0, 5.0  # millimeters; other values are not focal lengths


def read_35mm_equivalent(path: Path) -> float | None:
    """Read the 35 mm equivalent of the lens, millimeters; None if the file does not contain it.

    It describes the lens on the whole sensor, as for photos, not the part of the sensor that the video shows.
    """
    try:
        with open_video(path) as video:
            entries = video.container.metadata | video.stream.metadata
    except TarError:
        return None  # reading the frames will report the error
    for key, text in entries.items():
        if _EQUIVALENT.search(re.sub("[^a-z0-9]", "", key.lower())):
            number = re.match(r"\s*(\d+(\.\d+)?)", text)
            if number and _SHORTEST <= float(number[1]) <= _LONGEST:
                return float(number[1])
    return None
