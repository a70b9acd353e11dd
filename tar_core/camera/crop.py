"""Square, roll-normalized person crops: where a person is cut out of the frame, and the way back.

Pixels have (0, 0) at the top-left pixel's center, in the frame and in the crop alike.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

CROP_SIZE = 256  # pixels; what the network sees
CROP_CENTER = (CROP_SIZE - 1) / 2
# The circle around a person, grown so much, touches the crop's sides. MediaPipe's own 1.25 shows the person smaller:
# on rendered people and on real ones joints then lie 3 mm farther off (docs/training-log.md).
MARGIN = 1.15
BOX_MARGIN = 1.25  # MediaPipe's, around a detector's box


@dataclass(frozen=True)
class Crop:
    """A square in the frame, possibly turned in the image plane.

    Attributes:
        center_x, center_y: its center, frame pixels.
        size: its side, frame pixels.
        roll: radians; the crop's x axis points along (cos roll, sin roll) in the frame.
    """

    center_x: float
    center_y: float
    size: float
    roll: float = 0.0

    def to_image_matrix(self) -> np.ndarray:
        """[2, 3] affine map from crop pixels u to frame pixels: p = center + R(roll) (u - 127.5) size / 256."""
        scale = self.size / CROP_SIZE
        cosine, sine = scale * math.cos(self.roll), scale * math.sin(self.roll)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        offset = np.array([self.center_x, self.center_y]) - turn @ np.full(2, CROP_CENTER)
        return np.column_stack([turn, offset])

    def from_image_matrix(self) -> np.ndarray:
        """[2, 3] affine map from frame pixels to crop pixels, the inverse of `to_image_matrix`."""
        return cv2.invertAffineTransform(self.to_image_matrix())

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Crop pixels [..., 2] -> frame pixels [..., 2]."""
        return apply_affine(self.to_image_matrix(), points)

    def from_image(self, points: np.ndarray) -> np.ndarray:
        """Frame pixels [..., 2] -> crop pixels [..., 2]."""
        return apply_affine(self.from_image_matrix(), points)

    def cut(self, image: np.ndarray) -> np.ndarray:
        """The crop's pixels, [256, 256, 3] uint8, of a frame [H, W, 3] uint8.

        Outside the frame its border is repeated, as MediaPipe's own crops do. A crop much larger than 256 pixels is
        taken from a smaller copy of the frame, or fine texture would alias and flicker from frame to frame.
        """
        matrix = self.to_image_matrix()
        shrink = 2 ** max(0, round(math.log2(max(self.size / CROP_SIZE, 1))))
        if shrink > 1:
            image, (left, top) = self._part_needed(image, shrink)
            height, width = (max(1, round(side / shrink)) for side in image.shape[:2])
            sx, sy = width / image.shape[1], height / image.shape[0]
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
            # A pixel's center x lies at (x + 0.5) s - 0.5 after scaling by s.
            rescale = np.array([[sx, 0, (0.5 - left) * sx - 0.5], [0, sy, (0.5 - top) * sy - 0.5]])
            matrix = compose_affine(rescale, matrix)
        return cv2.warpAffine(
            image,
            matrix,
            (CROP_SIZE, CROP_SIZE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def _part_needed(self, image: np.ndarray, step: int) -> tuple[np.ndarray, tuple[int, int]]:
        """The part of a frame that the crop touches and its left top corner, on a grid of `step` pixels.

        At least one cell of the grid remains of a crop outside the frame: the one whose border is repeated.
        """
        corners = self.to_image(np.array([[0, 0], [0, CROP_SIZE - 1], [CROP_SIZE - 1, 0], [CROP_SIZE - 1] * 2]))
        sides = np.array(image.shape[1::-1])
        low = np.floor(corners.min(0) / step) * step - step
        high = np.ceil(corners.max(0) / step) * step + step
        left, top = np.clip(low, 0, (sides - 1) // step * step).astype(int).tolist()
        right, bottom = np.clip(high, np.array([left, top]) + step, None).astype(int).tolist()
        return image[top:bottom, left:right], (left, top)


def apply_affine(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """[2, 3] applied to points [..., 2]."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def compose_affine(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The [2, 3] map that applies `first`, then `second`."""
    return np.column_stack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])


def crop_from_alignment(center: np.ndarray, scale_point: np.ndarray, margin: float = MARGIN) -> Crop:
    """MediaPipe's region rule: centerd on the hips, body axis upright, around the circle that holds the person.

    Args:
        center: [2] the middle of the hips, frame pixels (BlazePose's point 33).
        scale_point: [2] on the circle around the whole person, straight "above" the hips along the body's axis
            (BlazePose's point 34); center -> scale_point points up in the crop.
        margin: how much larger than the circle the crop is.
    """
    dx, dy = float(scale_point[0] - center[0]), float(scale_point[1] - center[1])
    return Crop(
        center_x=float(center[0]),
        center_y=float(center[1]),
        size=max(2 * math.hypot(dx, dy) * margin, 1.0),
        roll=math.atan2(dx, -dy),
    )


def crop_from_box(box: np.ndarray, margin: float = BOX_MARGIN) -> Crop:
    """An upright crop around a detection's box [4] (x0, y0, x1, y1, frame pixels)."""
    x0, y0, x1, y1 = (float(value) for value in box)
    return Crop((x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0, 1.0) * margin)
