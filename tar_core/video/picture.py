"""Decoded pictures as a player shows them: upright, with square pixels, and in RGB."""

import threading
from fractions import Fraction
from functools import cached_property

import av
import cv2
import numpy as np
from av.sidedata.sidedata import SideData
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from tar_core.video.orientation import Orientation, square_pixels

# FFmpeg's numbers of color matrices, and the matrix that converts them to RGB. An unknown one is converted as FFmpeg
# and Blender do, which is right for videos of standard definition.
COLOR_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
USUAL_COLOR_MATRIX = Colorspace.ITU601
_COMB = 12  # levels of brightness by which a line differs from both neighbors
_AROUND = np.ones((3, 5), np.uint8)  # lines and columns around such a place


class PictureConverter:
    """Converts the decoded pictures of one video.

    Args:
        first: the first picture; it has the display matrix.
        pixel_aspect: width over height of a stored pixel; None if the file does not tell it.

    Attributes:
        orientation: how the stored picture is turned and mirrored.
        width, height: of the shown picture, in square pixels.
    """

    def __init__(self, first: av.VideoFrame, pixel_aspect: Fraction | None) -> None:
        self.orientation = _orientation(first)
        self._pixel_aspect = pixel_aspect
        self._stored_size = square_pixels(first.width, first.height, pixel_aspect)
        self.width, self.height = self.orientation.shown_size(*self._stored_size)
        self._reformatter, self._gray_reformatter = VideoReformatter(), VideoReformatter()
        self._lock = (
            threading.Lock()
        )  # frames are converted by the thread that reads ahead or by the one that uses them

    def convert(self, picture: av.VideoFrame) -> np.ndarray:
        """The shown picture [height, width, 3], uint8 RGB."""
        size = self._fitting_size(picture)
        if picture.interlaced_frame:  # before its height changes
            image = cv2.resize(_without_combs(self._to_rgb(picture, picture.width, picture.height)), size)
        else:
            image = self._to_rgb(picture, *size)
        return _oriented(_centered(image, *self._stored_size), self.orientation)

    def _to_rgb(self, picture: av.VideoFrame, width: int, height: int) -> np.ndarray:
        with self._lock:
            converted = self._reformatter.reformat(
                picture,
                width,
                height,
                "rgb24",
                src_colorspace=_color_matrix(picture),
                dst_color_range=ColorRange.JPEG,
                interpolation="BILINEAR",
                threads=1,  # the decoder uses the other cores
            )
        return converted.to_ndarray()

    def sample(self, picture: av.VideoFrame, width: int, height: int) -> np.ndarray:
        """The brightness of some pixels of the shown picture: every n-th in each direction, uint8.

        Args:
            width, height: of the result; it is up to twice as large, if the picture is.
        """
        step = max(1, min(self.width // width, self.height // height))
        fitting_width, fitting_height = self._fitting_size(picture)
        gray = self._gray_reformatter.reformat(
            picture,
            max(fitting_width // step, 1),
            max(fitting_height // step, 1),
            "gray",
            dst_color_range=ColorRange.JPEG,
            interpolation="POINT",
            threads=1,
        )
        stored_width, stored_height = self._stored_size
        whole = _centered(gray.to_ndarray(), max(stored_width // step, 1), max(stored_height // step, 1))
        return _oriented(whole, self.orientation)

    def _fitting_size(self, picture: av.VideoFrame) -> tuple[int, int]:
        """Width and height of a picture without its orientation, as large as the first one allows.

        Recordings of calls and screens change their size, also from landscape to portrait.
        """
        shape = square_pixels(picture.width, picture.height, self._pixel_aspect)
        if shape == self._stored_size:
            return shape
        scale = min(room / side for room, side in zip(self._stored_size, shape, strict=True))
        return max(round(shape[0] * scale), 1), max(round(shape[1] * scale), 1)


class Picture:
    """A decoded picture. It is converted to RGB when it is first asked for, as many frames of a video are skipped."""

    def __init__(self, decoded: av.VideoFrame, converter: PictureConverter) -> None:
        self._decoded, self._converter = decoded, converter

    @cached_property
    def image(self) -> np.ndarray:
        """[H, W, 3] uint8 RGB."""
        return self._converter.convert(self._decoded)

    @property
    def is_converted(self) -> bool:
        """Whether the picture was converted to RGB."""
        return "image" in self.__dict__

    def sample(self, width: int, height: int) -> np.ndarray:
        """The brightness of some pixels; see `PictureConverter.sample`."""
        return self._converter.sample(self._decoded, width, height)


def _orientation(picture: av.VideoFrame) -> Orientation:
    # A picture and its side data refer to each other. Of a small copy, little memory waits for the garbage collection.
    small = picture.reformat(16, 16, "gray", interpolation="POINT")
    try:
        matrix = small.side_data.get("DISPLAYMATRIX")
    except ValueError:  # PyAV 18 has no names for newer side data, such as EXIF
        return Orientation.from_turn(small.rotation)
    if not isinstance(matrix, SideData):
        return Orientation()
    return Orientation.from_display_matrix(np.frombuffer(bytes(matrix), np.int32))


def _color_matrix(picture: av.VideoFrame) -> Colorspace | None:
    if picture.format.is_rgb or picture.format.has_palette:
        return None
    return COLOR_MATRICES.get(picture.colorspace, USUAL_COLOR_MATRIX)


def _without_combs(image: np.ndarray) -> np.ndarray:
    """Return an interlaced picture without the combs of what moves.

    Its odd lines are taken later than the even ones. Where they are unlike both neighbors, they get the mean of these;
    elsewhere, all detail is kept.
    """
    even, odd = image[::2], image[1::2]
    above, below = even[: len(odd)], np.concatenate([even[1:], even[-1:]])[: len(odd)]
    brightness = odd[..., 1].astype(np.int16)
    from_above, from_below = brightness - above[..., 1], brightness - below[..., 1]
    combed = (np.minimum(from_above, from_below) > _COMB) | (np.maximum(from_above, from_below) < -_COMB)
    combed = cv2.dilate(combed.astype(np.uint8), _AROUND)
    cleaned = image.copy()
    cleaned[1::2] = cv2.copyTo(cv2.addWeighted(above, 0.5, below, 0.5, 0), combed, odd.copy())
    return cleaned


def _centered(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return an image with black bars around it, up to a size."""
    down, right = height - image.shape[0], width - image.shape[1]
    if down <= 0 and right <= 0:
        return image
    return cv2.copyMakeBorder(image, down // 2, down - down // 2, right // 2, right - right // 2, cv2.BORDER_CONSTANT)


def _oriented(image: np.ndarray, orientation: Orientation) -> np.ndarray:
    if orientation.transposed:
        image = cv2.transpose(image)
    if orientation.mirrored and orientation.flipped:
        return cv2.flip(image, -1)
    if orientation.mirrored or orientation.flipped:
        return cv2.flip(image, int(orientation.mirrored))
    return image
