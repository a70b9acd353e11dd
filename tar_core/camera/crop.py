"""Square, roll-normalized crops around a person, and conversion of pixels between frame and crop.

Pixel (0, 0) is the center of the top-left pixel, in the frame and in the crop.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

CROP_SIZE = 256  # pixels; width and height of the network's input
CROP_CENTER = (CROP_SIZE - 1) / 2
# Side of a crop over the diameter of the circle around the person. MediaPipe's 1.25 makes the person smaller, which
# costs 3 mm of joint accuracy on rendered and on real people (docs/experiments/2026-11-25-crop-margin.md).
MARGIN = 1.15
BOX_MARGIN = 1.25  # side of a crop over the longer side of a detector's box, as in MediaPipe
GRID_STEP = 1 / 32  # of the coarse grid: of the center, in sides of the crop, and of the logarithm of the side
GRID_ROLLS = 200  # on the coarse grid; a whole number, so that rolls on either side of half a turn become equal


@dataclass(frozen=True)
class Crop:
    """A square in the frame, possibly rotated in the image plane.

    Attributes:
        center_x, center_y: center of the square, frame pixels.
        size: side of the square, frame pixels.
        roll: rotation, radians; the crop's x axis points along (cos roll, sin roll) in the frame.
        pixels: width and height of the crop once it is cut.
    """

    center_x: float
    center_y: float
    size: float
    roll: float = 0.0
    pixels: int = CROP_SIZE

    def to_image_matrix(self) -> np.ndarray:
        """Affine map [2, 3] from crop pixels u to frame pixels p = center + R(roll) (u - (n - 1) / 2) size / n."""
        scale = self.size / self.pixels
        cosine, sine = scale * math.cos(self.roll), scale * math.sin(self.roll)
        linear = np.array([[cosine, -sine], [sine, cosine]])
        offset = np.array([self.center_x, self.center_y]) - linear @ np.full(2, (self.pixels - 1) / 2)
        return np.column_stack([linear, offset])

    def from_image_matrix(self) -> np.ndarray:
        """Affine map [2, 3] from frame pixels to crop pixels, the inverse of `to_image_matrix`."""
        return cv2.invertAffineTransform(self.to_image_matrix())

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Convert crop pixels [..., 2] to frame pixels."""
        return apply_affine(self.to_image_matrix(), points)

    def from_image(self, points: np.ndarray) -> np.ndarray:
        """Convert frame pixels [..., 2] to crop pixels."""
        return apply_affine(self.from_image_matrix(), points)

    def moved_on_from(self, before: "Crop") -> "Crop":
        """The crop that differs from this one as this one does from the one before: moved, scaled and turned."""
        turn = math.remainder(self.roll - before.roll, 2 * math.pi)
        return replace(
            self,
            center_x=2 * self.center_x - before.center_x,
            center_y=2 * self.center_y - before.center_y,
            size=self.size**2 / before.size,
            roll=self.roll + turn,
        )

    def on_grid(self) -> "Crop":
        """The nearest crop on a coarse grid of centers, sizes and rolls, so that similar crops become equal."""
        size = math.exp(round(math.log(self.size) / GRID_STEP) * GRID_STEP)
        step = size * GRID_STEP
        half = GRID_ROLLS // 2  # grid rolls in half a turn
        turns = (round(self.roll / math.pi * half) + half - 1) % GRID_ROLLS - half + 1  # from 1 - half to half
        return replace(
            self,
            center_x=round(self.center_x / step) * step,
            center_y=round(self.center_y / step) * step,
            size=size,
            roll=math.pi * (turns / half),  # in this order, half a turn is exactly pi
        )

    def cut(self, image: np.ndarray) -> np.ndarray:
        """Cut the crop [n, n, 3] uint8 out of a frame [H, W, 3] uint8.

        Outside the frame, the frame's border is repeated, as in MediaPipe. A crop larger than n pixels is cut from a
        blurred and, if it is much larger, reduced copy of the frame; otherwise fine texture aliases and flickers from
        frame to frame, and the same person is sharper or less sharp in a picture of another size.
        """
        matrix = self.to_image_matrix()
        scale = max(self.size / self.pixels, 1.0)
        if scale > 1:
            halvings = math.floor(math.log2(scale))
            part, (left, top) = self._part_needed(image, 2**halvings)
            image = _blurred(halved(part, halvings), scale / 2**halvings)
            sy, sx = (small / large for small, large in zip(image.shape[:2], part.shape[:2], strict=True))
            # Scaling by s moves a pixel's center from x to (x + 0.5) s - 0.5.
            rescale = np.array([[sx, 0, (0.5 - left) * sx - 0.5], [0, sy, (0.5 - top) * sy - 0.5]])
            matrix = compose_affine(rescale, matrix)
        return cv2.warpAffine(
            image,
            matrix,
            (self.pixels, self.pixels),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def _part_needed(self, image: np.ndarray, step: int) -> tuple[np.ndarray, tuple[int, int]]:
        """The part of a frame that the crop touches, and its top-left corner, aligned to a grid of `step` pixels.

        A crop outside the frame gets one cell of the grid, whose border is then repeated.
        """
        last = self.pixels - 1
        corners = self.to_image(np.array([[0, 0], [0, last], [last, 0], [last, last]]))
        sides = np.array(image.shape[1::-1])
        low = np.floor(corners.min(0) / step) * step - step
        high = np.ceil(corners.max(0) / step) * step + step
        left, top = np.clip(low, 0, (sides - 1) // step * step).astype(int).tolist()
        right, bottom = np.clip(high, np.array([left, top]) + step, None).astype(int).tolist()
        return image[top:bottom, left:right], (left, top)


def halved(image: np.ndarray, times: int) -> np.ndarray:
    """Halve the sides of an image [H, W, 3] several times by averaging; OpenCV is fastest at halves."""
    for _ in range(times):
        height, width = (max(1, round(side / 2)) for side in image.shape[:2])
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return image


def _blurred(image: np.ndarray, scale: float) -> np.ndarray:
    """Blur an image that is sampled in steps of `scale` pixels (1 to 2) as much as one that is sampled in single steps.

    The variances of a pixel's area and of linear interpolation are 1/12 and, on average, 1/6 square pixels; a Gaussian
    filter adds what their sum, 1/4, lacks to scale^2 / 4.
    """
    sigma = math.sqrt(scale**2 - 1) / 2
    return cv2.GaussianBlur(image, (5, 5), sigma, borderType=cv2.BORDER_REPLICATE) if sigma > 0 else image


def apply_affine(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply an affine map [2, 3] to points [..., 2]."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def compose_affine(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Affine map [2, 3] that applies `first`, then `second`."""
    return np.column_stack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])


def crop_from_alignment(center: np.ndarray, scale_point: np.ndarray, margin: float = MARGIN) -> Crop:
    """Crop centered on the hips and rotated so that the body axis is upright, as in MediaPipe.

    Args:
        center: [2] middle of the hips, frame pixels (BlazePose's landmark 33).
        scale_point: [2] point above the hips along the body axis, on the circle around the whole person (BlazePose's
            landmark 34). The direction from center to scale_point points up in the crop.
        margin: side of the crop over the diameter of the circle.
    """
    dx, dy = float(scale_point[0] - center[0]), float(scale_point[1] - center[1])
    return Crop(
        center_x=float(center[0]),
        center_y=float(center[1]),
        size=max(2 * math.hypot(dx, dy) * margin, 1.0),
        roll=math.atan2(dx, -dy),
    )


def crop_from_box(box: np.ndarray, margin: float = BOX_MARGIN) -> Crop:
    """Upright crop around a detected box [4] (x0, y0, x1, y1 in frame pixels)."""
    x0, y0, x1, y1 = (float(value) for value in box)
    return Crop((x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0, 1.0) * margin)
