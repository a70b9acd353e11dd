"""Track the rotation and zoom of a camera that stays in one place: pans, tilts and hand shake.

A rotation of the camera moves the whole image, near and far, by a homography K R K^-1, so R can be found from the
background (Hartley and Zisserman, Multiple View Geometry, 8.4). Corners outside of people's boxes are tracked from a
keyframe on (Lucas and Kanade), a homography removes the corners that move on their own (RANSAC), and R is fitted to
the rest. A new keyframe is taken when too few corners of the last one are left, so that errors add up from keyframe to
keyframe only. A zoom changes K. It is accepted if it explains more of the background than rotation alone.

If the camera changes its position, near objects shift more than far ones (parallax). This is detected (see
`CameraTrack.inlier_ratio`), but the camera's positions are not estimated.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tar_core.camera.crop_camera import image_center
from tar_core.filters import smooth_points, smoothing_window
from tar_core.rotations import (
    align_vectors,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    quaternion_to_axis_angle,
    slerp_at,
)
from tar_core.video.cuts import is_blank, thumbnail

LONG_SIDE = 640  # pixels; larger images are reduced to this size
_MAX_CORNERS, _CORNER_DISTANCE = 400, 8  # number of corners, and their least distance in reduced pixels
_MIN_CORNERS = 12  # corners needed for an estimate
_MIN_SHARE_LEFT = 0.5  # share of a keyframe's corners below which a new keyframe is taken
_ROUND_TRIP_ERROR = 1.0  # reduced pixels by which a corner may miss its start when it is tracked back
_REPROJECTION_ERROR = 1.5  # reduced pixels; largest reprojection error of a corner of the static background
_MIN_AGREEMENT = 0.5  # share of the corners that must be inliers of an estimate
_BOX_MARGIN = 0.1  # added to each side of people's boxes, as a share of their size
_MIN_ZOOM = 1.03  # longest over shortest focal length of a camera that zooms
_ZOOM_GAIN = 0.02  # share of the corners that a zoom must explain in addition to rotation alone
_ZOOM_WINDOW = 9  # frames in the smoothing window of the zoom
STATIC_SHIFT = 0.004  # median shift of the background up to which a camera is static, as a share of the diagonal


class BackgroundTracker:
    """Tracks corners of the background from a keyframe on.

    Attributes:
        scale: size of the reduced images over that of the original ones.
        key: [K, 2] positions of the corners in the keyframe, reduced pixels.
        now: [K, 2] their positions in the last image, reduced pixels.
    """

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._num_detected = 0
        self.scale = 1.0
        self.key: np.ndarray = np.zeros((0, 2), np.float32)
        self.now: np.ndarray = self.key

    def take_key(self, image: np.ndarray, boxes: np.ndarray) -> None:
        """Make an image the keyframe: detect its corners outside of people's boxes.

        Args:
            image: [H, W, 3] uint8 RGB.
            boxes: [P, 4] x0, y0, x1, y1 of the people in it, pixels.
        """
        gray = self._reduced(image)
        mask = np.full(gray.shape, 255, np.uint8)
        for x0, y0, x1, y1 in self._widened(boxes):
            mask[max(int(y0), 0) : max(int(y1) + 1, 0), max(int(x0), 0) : max(int(x1) + 1, 0)] = 0
        corners = cv2.goodFeaturesToTrack(gray, _MAX_CORNERS, 0.01, _CORNER_DISTANCE, mask=mask)
        self.key = self.now = np.zeros((0, 2), np.float32) if corners is None else corners.reshape(-1, 2)
        self._last, self._num_detected = gray, len(self.key)

    def follow(self, image: np.ndarray, boxes: np.ndarray) -> bool:
        """Track the corners to the next image.

        Args:
            image: [H, W, 3] uint8 RGB.
            boxes: [P, 4] x0, y0, x1, y1 of the people in it, pixels.

        Returns:
            False if too few are left, and a new keyframe is needed.
        """
        gray = self._reduced(image)
        if self._last is None or len(self.now) < _MIN_CORNERS:
            return False
        tracked, is_found, _ = cv2.calcOpticalFlowPyrLK(self._last, gray, self.now, np.empty_like(self.now))
        returned, is_found_again, _ = cv2.calcOpticalFlowPyrLK(gray, self._last, tracked, np.empty_like(tracked))
        kept = (is_found.ravel() > 0) & (is_found_again.ravel() > 0)
        kept &= np.linalg.norm(returned - self.now, axis=1) < _ROUND_TRIP_ERROR
        kept &= ((tracked >= 0) & (tracked < gray.shape[::-1])).all(1)
        for x0, y0, x1, y1 in self._widened(boxes):
            kept &= ~((tracked >= (x0, y0)) & (tracked <= (x1, y1))).all(1)
        self.key, self.now, self._last = self.key[kept], tracked[kept], gray
        return len(self.now) >= max(_MIN_CORNERS, _MIN_SHARE_LEFT * self._num_detected)

    def shift(self) -> float:
        """Median distance of the corners from their positions in the keyframe, as a share of the image's diagonal."""
        if len(self.now) < _MIN_CORNERS or self._last is None:
            return 0.0
        return float(np.median(np.linalg.norm(self.now - self.key, axis=1)) / np.linalg.norm(self._last.shape))

    def agreement(self) -> float:
        """Largest share of the corners whose motion since the keyframe is one homography; small after a cut."""
        if len(self.now) < _MIN_CORNERS:
            return 0.0
        inliers = cv2.findHomography(self.key, self.now, cv2.RANSAC, _REPROJECTION_ERROR)[1]
        return 0.0 if inliers is None else float(inliers.mean())

    def _reduced(self, image: np.ndarray) -> np.ndarray:
        self.scale = min(1.0, LONG_SIDE / max(image.shape[:2]))
        small = cv2.resize(image, None, fx=self.scale, fy=self.scale, interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)

    def _widened(self, boxes: np.ndarray) -> np.ndarray:
        """The boxes with a margin, in reduced pixels."""
        boxes = np.reshape(boxes, (-1, 4)).astype(float)
        margin = _BOX_MARGIN * (boxes[:, 2:] - boxes[:, :2])
        return self.scale * np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], 1)


class CameraMotionDetector:
    """Detects at little cost whether the camera moves; a few frames per second are enough.

    Attributes:
        is_moving: the camera has moved in the images so far.
    """

    def __init__(self) -> None:
        self._tracker: BackgroundTracker | None = None
        self.is_moving = False

    def add(self, image: np.ndarray, boxes: np.ndarray) -> None:
        """Process the next image [H, W, 3] uint8 RGB with the boxes [P, 4] of the people in it."""
        if self.is_moving:
            return
        if self._tracker is None:
            self._tracker = BackgroundTracker()
            self._tracker.take_key(image, boxes)
        else:
            enough = self._tracker.follow(image, boxes)
            self.is_moving = self._tracker.shift() > STATIC_SHIFT and self._tracker.agreement() > _MIN_AGREEMENT
            if not enough:  # the background is covered, there is a cut, or the camera is too fast to track
                self._tracker.take_key(image, boxes)


@dataclass(frozen=True)
class CameraTrack:
    """Rotation and zoom of a camera relative to the first frame.

    Attributes:
        rotation_vectors: [F, 3] axis-angle, radians (see `CameraTrajectory`).
        zoom_factors: [F] focal length over that of the first frame; exactly 1 if the camera does not zoom.
        inlier_ratio: mean share of the corners that rotation and zoom explain.
    """

    rotation_vectors: np.ndarray
    zoom_factors: np.ndarray
    inlier_ratio: float


class RotationEstimator:
    """Estimates rotation and focal length of each frame from corners, keyframe after keyframe.

    Args:
        size: width and height of the images.
        focal_length: of the first frame, pixels.
        zooms: estimate the focal length too; otherwise it stays the same.

    Attributes:
        rotations: [3, 3] from the first frame to each frame so far.
        focal_lengths: of each frame so far, pixels.
        inlier_ratios: share of the corners explained, for each call of `follow`.
    """

    def __init__(self, size: tuple[int, int], focal_length: float, zooms: bool) -> None:
        self._size, self._zooms = size, zooms
        self._key_rotation, self._key_focal_length = np.eye(3), focal_length
        self.rotations = [self._key_rotation]
        self.focal_lengths = [focal_length]
        self.inlier_ratios: list[float] = []

    def take_key(self) -> None:
        """Make the last frame the keyframe."""
        self._key_rotation, self._key_focal_length = self.rotations[-1], self.focal_lengths[-1]

    def hold(self) -> None:
        """Add a frame without information: the camera stays as it is."""
        self.rotations.append(self.rotations[-1])
        self.focal_lengths.append(self.focal_lengths[-1])

    def follow(self, before: np.ndarray, after: np.ndarray) -> bool:
        """Add a frame with corners.

        Args:
            before: [K, 2] pixels of the corners in the keyframe.
            after: [K, 2] pixels of the same corners in the new frame.

        Returns:
            False if too few corners agree; the camera then stays as it is.
        """
        inliers, focal_length = _fit_homography(before, after, self._size, self._key_focal_length)
        focal_length = focal_length if self._zooms else self._key_focal_length
        rotation, ratio = fit_rotation(before, after, self._size, (self._key_focal_length, focal_length), inliers)
        self.inlier_ratios.append(ratio)
        if ratio <= _MIN_AGREEMENT:
            self.hold()
            return False
        self.rotations.append(rotation @ self._key_rotation)
        self.focal_lengths.append(focal_length)
        return True

    def track(self) -> CameraTrack:
        """The result for all frames so far, with a smoothed zoom."""
        zoom_factors = np.array(self.focal_lengths) / self.focal_lengths[0]
        if self._zooms:
            zoom_factors = smooth_points(zoom_factors, smoothing_window(_ZOOM_WINDOW, len(zoom_factors)))
        rotation_vectors = matrix_to_axis_angle(np.stack(self.rotations))
        ratio = float(np.mean(self.inlier_ratios)) if self.inlier_ratios else 1.0
        return CameraTrack(rotation_vectors, zoom_factors, ratio)


def track_camera_rotation(
    images: Iterable[tuple[np.ndarray, np.ndarray]], size: tuple[int, int], focal_length: float
) -> CameraTrack:
    """Track the rotation and zoom of a camera relative to the first frame.

    The camera zooms only if a zoom of noticeable size explains more of the background than rotation alone. Images
    of one color, such as black ones and flashes, are left out, and their rotation and zoom are interpolated.

    Args:
        images: consecutive images [H, W, 3] uint8 RGB, at least one, each with the boxes [P, 4] of the people in it.
        size: width and height of the images.
        focal_length: of the first frame, pixels.
    """
    tracker = BackgroundTracker()
    estimators = [RotationEstimator(size, focal_length, zooms) for zooms in (False, True)]
    last: tuple[np.ndarray, np.ndarray] | None = None
    seen, count = [], 0  # numbers of the images that are not of one color, and of all images
    for image, boxes in images:
        count += 1
        if is_blank(thumbnail(image)):
            continue
        seen.append(count - 1)
        if last is None:
            tracker.take_key(image, boxes)
        else:
            _add_frame(tracker, estimators, last, (image, boxes))
        last = (image, boxes)
    without_zoom, with_zoom = (estimator.track() for estimator in estimators)
    is_noticeable = with_zoom.zoom_factors.max() / with_zoom.zoom_factors.min() > _MIN_ZOOM
    explains_more = with_zoom.inlier_ratio > without_zoom.inlier_ratio + _ZOOM_GAIN
    return _interpolated(with_zoom if is_noticeable and explains_more else without_zoom, seen or [0], count)


def _interpolated(track: CameraTrack, seen: Sequence[int], count: int) -> CameraTrack:
    """The track at all `count` images, from that at the images `seen`."""
    if len(seen) == count:
        return track
    frames, known = np.arange(count), np.array(seen)
    quaternions = slerp_at(frames, known, axis_angle_to_quaternion(track.rotation_vectors))
    return CameraTrack(
        quaternion_to_axis_angle(quaternions), np.interp(frames, known, track.zoom_factors), track.inlier_ratio
    )


def _add_frame(
    tracker: BackgroundTracker,
    estimators: Sequence[RotationEstimator],
    last: tuple[np.ndarray, np.ndarray],
    current: tuple[np.ndarray, np.ndarray],
) -> None:
    """Track the background from the last image and its boxes to the current ones, and update the estimates."""
    if not tracker.follow(*current):
        for estimator in estimators:
            estimator.take_key()
        tracker.take_key(*last)
        tracker.follow(*current)
    if len(tracker.now) < _MIN_CORNERS:  # no information: the camera stays as it is
        for estimator in estimators:
            estimator.hold()
        return
    before, after = tracker.key / tracker.scale, tracker.now / tracker.scale
    agreed = [estimator.follow(before, after) for estimator in estimators]
    if not any(agreed):  # a cut, or something passes close to the camera, which stays as it is until then
        for estimator in estimators:
            estimator.take_key()
        tracker.take_key(*current)


def fit_rotation(
    before: np.ndarray,
    after: np.ndarray,
    size: tuple[int, int],
    focal_lengths: tuple[float, float],
    inliers: np.ndarray,
) -> tuple[np.ndarray, float]:
    """Fit the rotation between the viewing directions of corners in two images, robustly (Cauchy weights).

    Args:
        before: [K, 2] pixels of the corners in the first image.
        after: [K, 2] pixels of the same corners in the second image.
        size: width and height of the images.
        focal_lengths: of both images, pixels.
        inliers: [K] bool; the other corners are left out.

    Returns:
        The rotation [3, 3], and the share of all corners that it explains.
    """
    tolerance = _REPROJECTION_ERROR * max(1.0, max(size) / LONG_SIDE)
    inlier_weights = inliers + 1e-6
    center = image_center(*size)
    old, new = (
        _directions(pixels, center, focal_length)
        for pixels, focal_length in zip((before, after), focal_lengths, strict=True)
    )
    weights = inlier_weights
    for _ in range(5):
        rotation = align_vectors(old, new, weights)
        errors = focal_lengths[1] * np.linalg.norm(old @ rotation.T - new, axis=1) / tolerance
        weights = inlier_weights / (1 + errors**2)
    return rotation, float((errors < 2).mean())


def _fit_homography(
    before: np.ndarray, after: np.ndarray, size: tuple[int, int], focal_length: float
) -> tuple[np.ndarray, float]:
    """Fit a homography between pixels [K, 2] of two images, K at least 4.

    H K = K' R up to a scale. With pixels relative to the image center, K' scales the first two rows of R by the focal
    length, so that it follows from the lengths of the rows of H K.

    Args:
        focal_length: of the first image, pixels.

    Returns:
        Inliers [K] bool, and the focal length of the second image.
    """
    tolerance = _REPROJECTION_ERROR * max(1.0, max(size) / LONG_SIDE)
    center = np.array(image_center(*size))
    matrix, inliers = cv2.findHomography(before - center, after - center, cv2.RANSAC, tolerance)
    if matrix is None:
        return np.ones(len(before), bool), focal_length
    lengths = np.linalg.norm(matrix * [focal_length, focal_length, 1], axis=1)
    return inliers.ravel() > 0, float((lengths[0] + lengths[1]) / (2 * lengths[2]))


def _directions(pixels: np.ndarray, center: Sequence[float], focal_length: float) -> np.ndarray:
    """Unit viewing directions [K, 3] of pixels [K, 2]."""
    rays = np.column_stack([(pixels - center) / focal_length, np.ones(len(pixels))])
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)
