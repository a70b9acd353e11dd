"""Bars around the picture of a video: of one color, also with captions, or a blurred copy of the picture."""

from dataclasses import dataclass

import cv2
import numpy as np

MIN_BAR = 0.02  # of the side
MIN_PICTURE = 0.2  # of the side
DARK = 24.0  # of 255; the brightest part of a black bar, with the noise of compression
BRIGHT = 96.0  # of 255; without a part that is so bright, as in a fade, dark sides may belong to the picture
STEP = 6.0  # of 255; the change of brightness from a bar to the picture in a row
STRAIGHT = 0.5  # share of the rows in which the border of the picture must be seen
BLURRED = 0.25  # sharpness of a blurred bar, as a share of the picture's
EMPTY = 0.6  # share of a bar of one color that has this color; the rest is a caption or a logo
EVEN = 4.0  # of 255; by which the color of a bar varies, with the noise of compression
TOLERANCE = 2  # pixels by which opposite bars may differ


@dataclass(frozen=True)
class PictureArea:
    """The part of an image between bars; the whole image without bars.

    Attributes:
        left, top: width of the bar at the left, and height of that at the top, pixels.
        width, height: of the picture between the bars, pixels.
    """

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def of(cls, image: np.ndarray) -> "PictureArea":
        """Find bars of equal size at opposite sides of an image [H, W, 3] uint8 RGB."""
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
        left, top = _bar(gray), _bar(gray.T)
        return cls(left, top, image.shape[1] - 2 * left, image.shape[0] - 2 * top)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height

    @property
    def has_bars(self) -> bool:
        """Whether the picture is smaller than the image."""
        return self.left > 0 or self.top > 0

    def common(self, other: "PictureArea") -> "PictureArea":
        """The area between the smaller bars of two images of one size: all that is a part of either picture."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        return PictureArea(left, top, self.width + 2 * (self.left - left), self.height + 2 * (self.top - top))

    @property
    def corner(self) -> np.ndarray:
        """[2] position in the image of the picture's first pixel."""
        return np.array([self.left, self.top])

    def cut(self, image: np.ndarray) -> np.ndarray:
        """The picture in an image, a view of it."""
        return image[self.top : self.top + self.height, self.left : self.left + self.width]

    def to_image(self, box: np.ndarray) -> np.ndarray:
        """Convert a box [4] (x0, y0, x1, y1) from pixels of the picture to pixels of the image."""
        return box + np.tile(self.corner, 2)

    def from_image(self, box: np.ndarray) -> np.ndarray:
        """The inverse of `to_image`."""
        return box - np.tile(self.corner, 2)


def _bar(gray: np.ndarray) -> int:
    """Width of the bars at the left and right of an image [H, W]; 0 without."""
    width = gray.shape[1]
    smallest, largest = max(round(width * MIN_BAR), 2 * TOLERANCE + 1), int(width * (1 - MIN_PICTURE) / 2)
    if largest <= smallest:
        return 0
    black = _black_bar(gray.max(0) < DARK) if gray.max() >= BRIGHT else 0
    if smallest <= black <= largest:
        return black
    return _bordered_bar(gray, np.arange(smallest, largest + 1))


def _black_bar(is_dark: np.ndarray) -> int:
    """Number of dark columns at each side, if the picture is between them; 0 otherwise."""
    if is_dark.all():
        return 0
    left, right = int(np.argmin(is_dark)), int(np.argmin(is_dark[::-1]))
    return min(left, right) if abs(left - right) <= TOLERANCE else 0


def _bordered_bar(gray: np.ndarray, bars: np.ndarray) -> int:
    """The width among `bars` at which a picture begins between blurred sides or those of one color; 0 if there is none.

    Args:
        gray: [H, W] brightness.
        bars: possible widths.
    """
    steps = np.abs(np.diff(gray, axis=1))
    is_step = (steps > STEP).mean(0)
    right = np.max([is_step[len(is_step) - bars + shift] for shift in range(-TOLERANCE, TOLERANCE)], axis=0)
    border = np.minimum(is_step[bars - 1], right)
    bar = int(bars[border.argmax()])
    if border.max() < STRAIGHT:
        return 0
    inside = bar - TOLERANCE
    sharpness = steps.mean(0)
    sides = max(sharpness[:inside].mean(), sharpness[-inside:].mean())
    is_blurred = sides < BLURRED * sharpness[bar + TOLERANCE : -(bar + TOLERANCE)].mean()
    return bar if is_blurred or _have_one_color(gray[:, :inside], gray[:, -inside:]) else 0


def _have_one_color(*sides: np.ndarray) -> bool:
    """Whether all sides [H, W] are of the same brightness, except for captions and logos."""
    color = np.median(sides[0])
    return all(float((np.abs(side - color) < EVEN).mean()) >= EMPTY for side in sides)
