"""Camera cuts: where one shot of a video ends and the next begins. Slow dissolves are not found.

Two frames show the same shot if one, moved a little, looks like the other. They are compared as small gray pictures by
the correlation coefficient, which ignores brightness and contrast, at the best of several shifts, which follows a pan.
A flash and a whip pan fool a comparison of two neighbors. So a cut is a change that lasts (no frame before it looks
like a frame after it) and that is greater than those next to it.

Frames of one color, such as black ones and flashes, say nothing about the shot. They belong to the shot before them,
and the pictures on both sides of them are compared instead.
"""

from collections import deque
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from tar_core.shots import Shot, add_frame
from tar_core.video.reader import VideoFrame

THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 64, 36
SHIFT_X, SHIFT_Y = 16, 6  # by which two thumbnails are shifted against each other at most, pixels
DETAIL = 6.0  # sigma of the blur that is subtracted, pixels: bright sky above dark ground is alike in all shots
MIN_CONTRAST = 1.0  # gray levels; a frame with less is of one color
NUM_FRAMES = 4  # on each side of a cut that are compared; a flash is shorter
MAX_LIKENESS = 0.5  # of frames on different sides of a cut
MIN_DROP = 0.2  # by which the likeness across a cut is below that of the neighbors on either side of it


def mark_cuts(frames: Iterator[VideoFrame]) -> Iterator[tuple[VideoFrame, bool]]:
    """Yield each frame with whether it is the first one of another shot, `NUM_FRAMES` - 1 frames late."""
    before: deque[np.ndarray] = deque(maxlen=NUM_FRAMES)
    after: deque[tuple[VideoFrame, np.ndarray]] = deque()

    def first() -> tuple[VideoFrame, bool]:
        pictures = [picture for _, picture in after if not is_blank(picture)]
        frame, picture = after.popleft()
        if is_blank(picture):
            return frame, False
        is_first = is_cut(before, pictures)
        before.append(picture)
        return frame, is_first

    for frame in frames:
        after.append((frame, _details(frame.picture.sample(4 * THUMBNAIL_WIDTH, 4 * THUMBNAIL_HEIGHT))))
        if len(after) == NUM_FRAMES:
            yield first()
    while after:
        yield first()


def find_shots(frames: Iterator[VideoFrame]) -> list[Shot]:
    """The shots of a video."""
    shots: list[Shot] = []
    for frame, is_first in mark_cuts(frames):
        add_frame(shots, frame.index, is_first)
    return shots


def is_cut(before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> bool:
    """Whether there is a cut between the last and the first of two lists of consecutive thumbnails."""
    if not before or not after:
        return False
    across = likeness(before[-1], after[0])
    if across > MAX_LIKENESS:
        return False
    beside = [likeness(*pair) for pair in (list(before)[-2:], list(after)[:2]) if len(pair) == 2]
    if beside and across > min(beside) - MIN_DROP:
        return False
    return all(likeness(earlier, later) <= MAX_LIKENESS for earlier in before for later in after)


def thumbnail(image: np.ndarray) -> np.ndarray:
    """The gray details of a frame [H, W, 3] uint8 RGB: [36, 64] float32 with zero mean."""
    # Averaging all pixels of a large frame would take as long as a good part of the network.
    step = max(1, min(image.shape[0] // (4 * THUMBNAIL_HEIGHT), image.shape[1] // (4 * THUMBNAIL_WIDTH)))
    size = image.shape[1] // step, image.shape[0] // step
    sampled = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
    return _details(cv2.cvtColor(sampled, cv2.COLOR_RGB2GRAY))


def _details(sampled: np.ndarray) -> np.ndarray:
    gray = cv2.resize(sampled, (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    detail = gray - cv2.GaussianBlur(gray, (0, 0), DETAIL)
    return detail - detail.mean()


def likeness(picture: np.ndarray, other: np.ndarray) -> float:
    """Correlation coefficient of two thumbnails that are not blank, -1..1, at the shift where it is highest."""
    middle = picture[SHIFT_Y:-SHIFT_Y, SHIFT_X:-SHIFT_X]
    return float(cv2.matchTemplate(other, middle, cv2.TM_CCOEFF_NORMED).max())


def is_blank(picture: np.ndarray) -> bool:
    """Whether the frame of a thumbnail is of one color."""
    return float(picture.std()) < MIN_CONTRAST
