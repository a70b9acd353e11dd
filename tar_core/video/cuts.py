"""Camera cuts: where one shot of a video ends and the next begins, by a cut or a dissolve.

Two frames show the same shot if one, moved a little, looks like the other. They are compared as small gray pictures by
the correlation coefficient, which ignores brightness and contrast, at the best of several shifts, which follows a pan.
A flash and a whip pan fool a comparison of two neighbors. So a cut is a change that lasts (no frame before it looks
like a frame after it) and that is greater than those next to it.

Frames of one color, such as black ones and flashes, say nothing about the shot. They belong to the shot before them,
and the pictures on both sides of them are compared instead.

Each picture of a dissolve is a mixture of one before and one after it, with more and more of the latter. Those of a pan
or a zoom are not. Also, a mixture of two places has less contrast than either: half of each has half the variance. The
next shot begins with the first picture that is nearly free of the last one. Long dissolves in which the camera moves
are not found: they must not be confused with motion.
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

DISSOLVE_LENGTHS = (8, 10, 13, 17, 22, 28, 36, 46, 60, 76, 96)  # frames from the picture before to the one after
SAMPLES = 8  # parts into which a dissolve is divided; it is looked for once in each, and compared between them
MIXTURE_SHIFT = 2  # by which mixed thumbnails may have moved, pixels
MAX_VARIANCE = 0.8  # in the middle of a dissolve, as a share of the mean of both ends
MIXED = 0.6  # share of the variance of each picture that the mixture explains
MAX_COMMON = 0.3  # correlation coefficient of the pictures before and after
GRADUAL = 3  # at least so many of the pictures between are neither of them
GRADUAL_SHARE = 0.12, 0.88  # of the picture after, in those that are neither
NEARLY_OVER = 0.9  # share of the picture after in the last of those between


def mark_cuts(frames: Iterator[VideoFrame]) -> Iterator[tuple[VideoFrame, bool]]:
    """Yield each frame with whether it is the first one of another shot, `NUM_FRAMES` - 1 frames late."""
    before: deque[np.ndarray] = deque(maxlen=NUM_FRAMES)
    after: deque[tuple[VideoFrame, np.ndarray]] = deque()
    shot: deque[np.ndarray] = deque(maxlen=max(DISSOLVE_LENGTHS) + 1)  # its last frames, since one of one color

    def first() -> tuple[VideoFrame, bool]:
        pictures = [picture for _, picture in after if not is_blank(picture)]
        frame, picture = after.popleft()
        if is_blank(picture):
            shot.clear()
            return frame, False
        shot.append(picture)
        is_first = is_cut(before, pictures) or ends_dissolve(shot, frame.index)
        before.append(picture)
        if is_first:
            shot.clear()
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


def ends_dissolve(pictures: Sequence[np.ndarray], number: int) -> bool:
    """Whether the last of consecutive thumbnails is the first one after a dissolve.

    Args:
        pictures: the thumbnails.
        number: of the last one in the video. Long dissolves are not looked for at every frame.
    """
    pictures = list(pictures)
    lengths = [length for length in DISSOLVE_LENGTHS if length < len(pictures) and number % (length // SAMPLES) == 0]
    return any(_is_dissolve(pictures[-length - 1 :]) for length in lengths)


def _is_dissolve(pictures: Sequence[np.ndarray]) -> bool:
    first, last = pictures[0], pictures[-1]
    between = [pictures[len(pictures) * k // SAMPLES] for k in range(1, SAMPLES)]
    middle = SAMPLES // 2 - 1
    variance = min(float(picture.var()) for picture in between[middle - 1 : middle + 2])
    if variance > MAX_VARIANCE * float(first.var() + last.var()) / 2 or likeness(first, last) > MAX_LIKENESS:
        return False
    if not GRADUAL_SHARE[0] < _share_of_second(between[middle], first, last) < GRADUAL_SHARE[1]:
        return False
    shares = np.array([_share_of_second(picture, first, last) for picture in between])
    is_gradual = (shares > GRADUAL_SHARE[0]) & (shares < GRADUAL_SHARE[1])
    return bool((np.diff(shares) > -0.05).all() and is_gradual.sum() >= GRADUAL and shares[-1] > NEARLY_OVER)


def _share_of_second(mixed: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """The share of the second thumbnail in a mixture of two; NaN if it is none or the two have much in common."""
    inside = slice(MIXTURE_SHIFT, -MIXTURE_SHIFT)
    target = mixed[inside, inside]
    parts = np.stack([_moved_to(target, picture).ravel() for picture in (first, second)], 1)
    parts -= parts.mean(0)
    wanted = (target - target.mean()).ravel()
    if np.corrcoef(parts.T)[0, 1] > MAX_COMMON:
        return np.nan
    amounts = np.linalg.lstsq(parts, wanted, rcond=None)[0]
    rest = wanted - parts @ amounts
    if rest @ rest > (1 - MIXED) * (wanted @ wanted):
        return np.nan
    return float(amounts[1] / np.abs(amounts).sum())


def _moved_to(target: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """The part of a thumbnail that looks most like another one without its border."""
    scores = cv2.matchTemplate(picture, target, cv2.TM_CCOEFF_NORMED)
    top, left = np.unravel_index(scores.argmax(), scores.shape)
    height, width = target.shape
    return picture[top : top + height, left : left + width]


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
