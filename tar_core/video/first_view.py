"""What a shot shows at its beginning: the picture in which its camera is measured, and the bars around it.

A shot that fades in begins with dim pictures, and bars that slide out are gone after a second. So if the first picture
has little contrast or bars, those after it are looked at, too.
"""

from collections.abc import Callable
from typing import NamedTuple

from tar_core.video.bars import PictureArea
from tar_core.video.cuts import MAX_LIKENESS, is_blank, likeness, thumbnail
from tar_core.video.reader import VideoFrame, VideoReader

LOOK_AHEAD = 2.0  # seconds
LITTLE_CONTRAST = 15.0  # standard deviation of a thumbnail, gray levels
CLEARER = 1.5  # a picture is clearer with so many times the contrast


class FirstView(NamedTuple):
    """The clearest frame at the beginning of a shot, and the part of all its pictures that bars never cover."""

    frame: VideoFrame
    area: PictureArea


def first_view(frame: VideoFrame, open_again: Callable[[], VideoReader]) -> FirstView:
    """Look at the beginning of a shot.

    Args:
        frame: the first frame of the shot, or a later one if that is blank. The view of a blank frame is the frame.
        open_again: opens the video; called only if it is needed. Frames are read while other threads read the video,
            so it must be a reader that they do not use.
    """
    view = FirstView(frame, PictureArea.of(frame.image))
    before = thumbnail(frame.image)
    contrast = float(before.std())
    if is_blank(before) or (contrast >= LITTLE_CONTRAST and not view.area.has_bars):
        return view
    reader = open_again()
    clear = last = frame
    for following in reader.frames(frame.index + 1, frame.index + round(LOOK_AHEAD * reader.fps)):
        seen = thumbnail(following.image)
        if is_blank(seen) or likeness(before, seen) <= MAX_LIKENESS:
            break
        if seen.std() > CLEARER * contrast:
            clear, contrast = following, float(seen.std())
        if CLEARER * seen.std() > contrast:
            last = following
        before = seen
    return FirstView(clear, PictureArea.of(clear.image).common(PictureArea.of(last.image)))
