"""How a camera turns and zooms that stays in its place: a pan, a tilt, a hand that shakes.

Turning moves the whole picture by a homography K R K^-1, near things and far ones alike, so that the background tells
the turn R (Hartley and Zisserman, Multiple View Geometry, 8.4). Corners outside of people's boxes are followed from a
key picture on (Lucas and Kanade), a homography sorts out what moves by itself (RANSAC), and R is fitted to the rest. A
new key picture is taken when too little of the last one is left, so that errors add up over key pictures alone. A zoom
changes K; it is believed where it explains the background better than turns alone.

A camera that travels moves near things more than far ones. That is told, not solved.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tar_core.camera.crop_camera import image_center
from tar_core.filters import smooth_points, smoothing_window

if TYPE_CHECKING:  # elsewhere it is imported where it is used: that takes 0.2 s, and most cameras stand
    from scipy.spatial.transform import Rotation

LONG_SIDE = 640  # pixels to which pictures are reduced
_CORNERS, _SPACING = 400, 8  # most corners, and their least distance
_FEWEST = 12  # corners that must be left to tell anything
_LEFT = 0.5  # share of a key picture's corners below which a new one is taken
_ROUND_TRIP = 1.0  # reduced pixels by which a corner may miss its start when it is followed back
_OFF = 1.5  # reduced pixels by which corners of what stands still may be off
_AGREE = 0.5  # share of the corners that must move alike to tell anything
_MARGIN = 0.1  # by which people's boxes are widened, of their size
_LEAST_ZOOM = 1.03  # the longest focal length over the shortest, of cameras that zoom
_ZOOM_EXPLAINS = 0.02  # of the corners, more than turns alone
_ZOOM_WINDOW = 9  # pictures through which a parabola is laid
STILL = 0.004  # of the diagonal: a median shift of the background up to which the camera stands


class BackgroundTracker:
    """Follows corners of the background from a key picture on.

    Attributes:
        key: [K, 2] where they were in the key picture, pixels of the reduced pictures; now: [K, 2] where they are.
    """

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._taken = 0
        self.scale = 1.0
        self.key: np.ndarray = np.zeros((0, 2), np.float32)
        self.now: np.ndarray = self.key

    def take_key(self, image: np.ndarray, boxes: np.ndarray) -> None:
        """Begins anew with this picture's corners outside of the boxes [P, 4]."""
        gray = self._reduce(image)
        free = np.full(gray.shape, 255, np.uint8)
        for x0, y0, x1, y1 in self._widened(boxes):
            free[max(int(y0), 0) : max(int(y1) + 1, 0), max(int(x0), 0) : max(int(x1) + 1, 0)] = 0
        corners = cv2.goodFeaturesToTrack(gray, _CORNERS, 0.01, _SPACING, mask=free)
        self.key = self.now = np.zeros((0, 2), np.float32) if corners is None else corners.reshape(-1, 2)
        self._last, self._taken = gray, len(self.key)

    def follow(self, image: np.ndarray, boxes: np.ndarray) -> bool:
        """Finds the corners in the next picture; False if too few are left."""
        gray = self._reduce(image)
        if self._last is None or len(self.now) < _FEWEST:
            return False
        there, found, _ = cv2.calcOpticalFlowPyrLK(self._last, gray, self.now, np.empty_like(self.now))
        back, found_back, _ = cv2.calcOpticalFlowPyrLK(gray, self._last, there, np.empty_like(there))
        kept = (found.ravel() > 0) & (found_back.ravel() > 0)
        kept &= np.linalg.norm(back - self.now, axis=1) < _ROUND_TRIP
        kept &= ((there >= 0) & (there < gray.shape[::-1])).all(1)
        for x0, y0, x1, y1 in self._widened(boxes):
            kept &= ~((there >= (x0, y0)) & (there <= (x1, y1))).all(1)
        self.key, self.now, self._last = self.key[kept], there[kept], gray
        return len(self.now) >= max(_FEWEST, _LEFT * self._taken)

    def shift(self) -> float:
        """The median way of the corners since the key picture, as a share of the diagonal."""
        if len(self.now) < _FEWEST or self._last is None:
            return 0.0
        return float(np.median(np.linalg.norm(self.now - self.key, axis=1)) / np.linalg.norm(self._last.shape))

    def agreement(self) -> float:
        """The largest share of the corners that moved as a plane or a turn moves them; after a cut it is small."""
        if len(self.now) < _FEWEST:
            return 0.0
        inlying = cv2.findHomography(self.key, self.now, cv2.RANSAC, _OFF)[1]
        return 0.0 if inlying is None else float(inlying.mean())

    def _reduce(self, image: np.ndarray) -> np.ndarray:
        self.scale = min(1.0, LONG_SIDE / max(image.shape[:2]))
        small = cv2.resize(image, None, fx=self.scale, fy=self.scale, interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)

    def _widened(self, boxes: np.ndarray) -> np.ndarray:
        boxes = np.reshape(boxes, (-1, 4)).astype(float)
        margin = _MARGIN * (boxes[:, 2:] - boxes[:, :2])
        return self.scale * np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], 1)


class CameraMotionDetector:
    """Tells, at little cost, whether a camera stands still: a few pictures a second are enough."""

    def __init__(self) -> None:
        self._tracker: BackgroundTracker | None = None
        self.moves = False

    def look(self, image: np.ndarray, boxes: np.ndarray) -> None:
        """Takes the next picture [H, W, 3], with the boxes [P, 4] of the people in it."""
        if self.moves:
            return
        if self._tracker is None:
            self._tracker = BackgroundTracker()
            self._tracker.take_key(image, boxes)
        else:
            enough = self._tracker.follow(image, boxes)
            self.moves = self._tracker.shift() > STILL and self._tracker.agreement() > _AGREE
            if not enough:  # covered, cut, or turned too fast to follow
                self._tracker.take_key(image, boxes)


@dataclass
class CameraTrack:
    """How a camera turned and zoomed since the first picture.

    Attributes:
        turns: [F, 3] rotation vectors (see CameraTrajectory).
        zooms: [F] focal lengths over the first one's; exactly ones where it does not zoom.
        explained: the mean share of the corners that this explains.
    """

    rotation_vectors: np.ndarray
    zoom_factors: np.ndarray
    inlier_ratio: float


class _Chain:
    """What key pictures tell of a camera, one after the other: how it is turned, and its focal length.

    Args:
        zooms: it may zoom; else its focal length stays.
    """

    def __init__(self, size: tuple[int, int], focal_length: float, zooms: bool) -> None:
        from scipy.spatial.transform import Rotation

        self._size, self._zooms = size, zooms
        self._key, self._key_focal = Rotation.identity(), focal_length
        self.rotation_vectors = [self._key]
        self.focal_lengths = [focal_length]
        self.inlier_ratio: list[float] = []

    def take_key(self) -> None:
        """The last picture becomes the key."""
        self._key, self._key_focal = self.rotation_vectors[-1], self.focal_lengths[-1]

    def stand(self) -> None:
        """A picture that tells nothing: the camera stands."""
        self.rotation_vectors.append(self.rotation_vectors[-1])
        self.focal_lengths.append(self.focal_lengths[-1])

    def follow(self, before: np.ndarray, after: np.ndarray) -> bool:
        """Takes corners [K, 2] of the key picture and of the next one, pixels; False if they do not agree."""
        inlying, focal_length = _homography(before, after, self._size, self._key_focal)
        focal_length = focal_length if self._zooms else self._key_focal
        turn, share = fit_turn(before, after, self._size, (self._key_focal, focal_length), inlying)
        self.inlier_ratio.append(share)
        if share <= _AGREE:
            self.stand()
            return False
        self.rotation_vectors.append(turn * self._key)
        self.focal_lengths.append(focal_length)
        return True

    def track(self) -> CameraTrack:
        from scipy.spatial.transform import Rotation

        zooms = np.array(self.focal_lengths) / self.focal_lengths[0]
        if self._zooms:
            zooms = smooth_points(zooms, smoothing_window(_ZOOM_WINDOW, len(zooms)))
        vectors = Rotation.concatenate(self.rotation_vectors).as_rotvec()
        return CameraTrack(vectors, zooms, float(np.mean(self.inlier_ratio)) if self.inlier_ratio else 1.0)


def track_camera_rotation(
    pictures: Iterable[tuple[np.ndarray, np.ndarray]], size: tuple[int, int], focal_length: float
) -> CameraTrack:
    """The turns and the zoom of a camera since the first picture.

    It zooms only where that explains more of the background than turns alone do, and by more than a little.

    Args:
        pictures: [H, W, 3] uint8 RGB, in their order, at least one, each with the boxes [P, 4] of what moves by itself.
        size: width and height.
        focal_length: in the first picture, pixels.
    """
    tracker = BackgroundTracker()
    fixed, zooming = (_Chain(size, focal_length, zooms) for zooms in (False, True))
    last: tuple[np.ndarray, np.ndarray] | None = None
    for picture in pictures:
        image, boxes = picture
        if last is None:
            tracker.take_key(image, boxes)
            last = picture
            continue
        if not tracker.follow(image, boxes):
            fixed.take_key()
            zooming.take_key()
            tracker.take_key(*last)
            tracker.follow(image, boxes)
        if len(tracker.now) < _FEWEST:  # nothing to go by: it stands
            fixed.stand()
            zooming.stand()
        else:
            corners = tracker.key / tracker.scale, tracker.now / tracker.scale
            agreed = [chain.follow(*corners) for chain in (fixed, zooming)]
            if not any(agreed):  # a cut, or something passes close by: it stands until there is more to go by
                fixed.take_key()
                zooming.take_key()
                tracker.take_key(image, boxes)
        last = picture
    turned, zoomed = fixed.track(), zooming.track()
    much = zoomed.zoom_factors.max() / zoomed.zoom_factors.min() > _LEAST_ZOOM
    return zoomed if much and zoomed.inlier_ratio > turned.inlier_ratio + _ZOOM_EXPLAINS else turned


def fit_turn(
    before: np.ndarray,
    after: np.ndarray,
    size: tuple[int, int],
    focal_lengths: tuple[float, float],
    inlying: np.ndarray,
) -> "tuple[Rotation, float]":
    """The turn that takes the directions of pixels `before` [K, 2] to those of `after`, and the share that it explains.

    Weighted by Cauchy.

    Args:
        focal_lengths: of both pictures, pixels.
        inlying: [K] bool; the others are left out.
    """
    from scipy.spatial.transform import Rotation

    off = _OFF * max(1.0, max(size) / LONG_SIDE)
    weights = inlying + 1e-6
    center = image_center(*size)
    old, new = (
        _directions(pixels, center, focal_length)
        for pixels, focal_length in zip((before, after), focal_lengths, strict=True)
    )
    turn = Rotation.identity()
    chosen = weights
    for _ in range(5):
        turn = Rotation.align_vectors(new, old, weights=chosen)[0]
        away = focal_lengths[1] * np.linalg.norm(turn.apply(old) - new, axis=1) / off
        chosen = weights / (1 + away**2)
    return turn, float((away < 2).mean())


def _homography(
    before: np.ndarray, after: np.ndarray, size: tuple[int, int], focal_length: float
) -> tuple[np.ndarray, float]:
    """Which of the pixels [K, 2], K at least four, one homography takes to the others, and the focal length after it.

    H K = K' R up to a scale, so that the rows of H K, seen from the center, are as long as K' makes R's.
    """
    off = _OFF * max(1.0, max(size) / LONG_SIDE)
    center = np.array(image_center(*size))
    matrix, inlying = cv2.findHomography(before - center, after - center, cv2.RANSAC, off)
    if matrix is None:
        return np.ones(len(before), bool), focal_length
    lengths = np.linalg.norm(matrix * [focal_length, focal_length, 1], axis=1)
    return inlying.ravel() > 0, float((lengths[0] + lengths[1]) / (2 * lengths[2]))


def _directions(pixels: np.ndarray, center: Sequence[float], focal_length: float) -> np.ndarray:
    rays = np.column_stack([(pixels - center) / focal_length, np.ones(len(pixels))])
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)
