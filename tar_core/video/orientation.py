"""How a player turns, mirrors and stretches the stored pictures of a video, according to its file."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

MAX_STRETCH = 8  # a pixel that is more elongated is an error in the file


@dataclass(frozen=True)
class Orientation:
    """One of the eight ways to turn and mirror a picture by right angles.

    Rows and columns are exchanged first, then the picture is mirrored.

    Attributes:
        transposed: rows and columns are exchanged.
        mirrored: left and right are exchanged.
        flipped: top and bottom are exchanged.
    """

    transposed: bool = False
    mirrored: bool = False
    flipped: bool = False

    @classmethod
    def from_display_matrix(cls, matrix: Iterable[int]) -> "Orientation":
        """The orientation nearest to a display matrix.

        Args:
            matrix: at least its first five numbers a, b, u, c, d, as in a track header of MP4 and in FFmpeg. The stored
                point (x, y) is shown at (a x + c y, b x + d y); y points down.
        """
        a, b, _, c, d = (int(number) for number in islice(matrix, 5))
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(True, c < 0, b < 0)
        return cls(False, a < 0, d < 0)

    @classmethod
    def from_turn(cls, degrees: float) -> "Orientation":
        """The turn counterclockwise by the multiple of 90 degrees nearest to an angle; the inverse of `turn`."""
        quarter = round(degrees / 90) % 4
        return (cls(), cls(True, False, True), cls(False, True, True), cls(True, True, False))[quarter]

    @property
    def turn(self) -> int:
        """By how many degrees the picture is turned counterclockwise, if it is `upside_down` before.

        Every orientation is a turn, with or without an exchange of top and bottom before it.
        """
        if self.transposed:
            return 90 if self.flipped else 270
        return 180 if self.mirrored else 0

    @property
    def upside_down(self) -> bool:
        """Whether top and bottom are exchanged before the turn; the picture is then a mirror image."""
        return self.transposed ^ self.mirrored ^ self.flipped

    def after_turn(self) -> "Orientation":
        """What is left to do by a program that reads the matrix as an angle, so that it ignores mirror images."""
        if not self.upside_down:
            return Orientation()
        return Orientation(mirrored=True) if self.transposed else Orientation(flipped=True)

    def shown_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the shown picture, given those of the stored one."""
        return (height, width) if self.transposed else (width, height)

    def shown(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the stored picture is shown; (0, 0) is the top left corner and (1, 1) the bottom right."""
        if self.transposed:
            x, y = y, x
        return 1 - x if self.mirrored else x, 1 - y if self.flipped else y

    def stored(self, x: float, y: float) -> tuple[float, float]:
        """The inverse of `shown`."""
        x, y = 1 - x if self.mirrored else x, 1 - y if self.flipped else y
        return (y, x) if self.transposed else (x, y)


def square_pixels(width: int, height: int, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Size of a picture after its pixels are made square by stretching one side, so that no detail is lost."""
    aspect = float(pixel_aspect or 1)
    if not 1 / MAX_STRETCH <= aspect <= MAX_STRETCH:
        return width, height
    return (round(width * aspect), height) if aspect >= 1 else (width, round(height / aspect))
