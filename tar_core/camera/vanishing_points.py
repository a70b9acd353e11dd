"""Estimate the up direction and the focal length of a camera from the straight lines in an image.

Buildings and furniture have vertical edges and horizontal edges, most of which lie along two directions at right
angles. Parallel lines in space meet in one point of the image, the vanishing point of their direction, so every
straight segment is evidence for a camera (Coughlan and Yuille, "Manhattan World", ICCV 1999; segments from von Gioi et
al., "LSD", 2010). The most probable camera is searched on a grid and refined. The expected error depends on how much
better than chance the camera explains the segments: on a beach or in a crowd, the error is large, so that the estimate
is not used.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

LONG_SIDE = 960  # pixels; larger images are reduced to this size
_MIN_LENGTH, _MIN_LENGTH_PIXELS = 0.025, 12.0  # of a segment: share of the diagonal, and reduced pixels
_MAX_SEGMENTS = 300  # only the longest segments are used
_END_ERROR = 1.0  # error of a segment's ends, reduced pixels
_EDGE_ERROR = 0.7  # degrees by which real edges deviate from straight, vertical or horizontal
_SHARES = np.array([0.25, 0.2, 0.2])  # of the vertical and of both kinds of horizontal segments; the rest is clutter
_SEGMENTS_PER_OBJECT = 4.0  # an object has several edges, which count as one observation
# Prior of the camera: degrees, and the focal length as a share of the image's diagonal.
_PITCH, _PITCH_SPREAD = 8.0, 18.0
_ROLL_SPREAD, _TILTED_ROLL_SPREAD, _TILTED_SHARE = 3.0, 20.0, 0.2
_FOCAL_LENGTH, _FOCAL_LENGTH_SPREAD = 0.85, 0.35  # the spread is that of the logarithm
_ITERATIONS, _MAX_STEP = 8, 4.0  # of the refinement; the longest step, in multiples of the step size
# Errors caused by clutter, times the gain (see `CameraLikelihood.gain`); tuned on the HDRI panoramas of Blender.
_CLUTTER_DEGREES, _CLUTTER_LOG_FOCAL_LENGTH = 100.0, 4.0


@dataclass(frozen=True)
class EstimatedCamera:
    """A camera estimated from vanishing points.

    Attributes:
        up: [3] unit vector against gravity in the camera frame (OpenCV's axes).
        up_error: expected error of `up`, degrees.
        focal_length: pixels.
        focal_length_error: expected error of the logarithm of the focal length; 0 if the focal length was given.
    """

    up: np.ndarray
    up_error: float
    focal_length: float
    focal_length_error: float


def find_segments(image: np.ndarray) -> np.ndarray:
    """Find the straight segments of an image.

    Args:
        image: [H, W, 3] uint8 RGB.

    Returns:
        [N, 4] x0 y0 x1 y1 in pixels, the longest first.
    """
    scale = min(1.0, LONG_SIDE / max(image.shape[:2]))
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if scale < 1:
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found = cv2.createLineSegmentDetector().detect(gray)[0]
    segments = np.zeros((0, 4)) if found is None else found.reshape(-1, 4).astype(np.float64)
    length = np.linalg.norm(segments[:, 2:] - segments[:, :2], axis=1)
    shortest = max(_MIN_LENGTH * float(np.linalg.norm(gray.shape)), _MIN_LENGTH_PIXELS)
    longest = np.argsort(-length)[: min(_MAX_SEGMENTS, int((length > shortest).sum()))]
    return (segments[longest] + 0.5) / scale - 0.5


def estimate_camera(segments: np.ndarray, size: tuple[int, int], focal_length: float | None = None) -> EstimatedCamera:
    """Find the most probable camera given the straight segments of its image.

    Args:
        segments: [N, 4] x0 y0 x1 y1 in pixels.
        size: width and height of the image; the principal point is its center.
        focal_length: pixels, if it is known.
    """
    likelihood = CameraLikelihood(segments, size)
    known = [] if focal_length is None else [np.log(focal_length / likelihood.diagonal)]

    def camera(free: np.ndarray) -> np.ndarray:
        """Insert the known focal length, if any: free parameters [..., 3 or 4] to camera [..., 4]."""
        return np.insert(free, [3] * len(known), known, axis=-1)

    def log_posterior(free: np.ndarray) -> np.ndarray:
        return likelihood.log_posterior(camera(free))

    step = np.array([1.0, 1.0, 2.0, 0.05])[: 4 - len(known)]
    maxima = find_maxima(log_posterior, likelihood.starts(*known)[:, : len(step)], step)
    free = maxima[log_posterior(maxima).argmax()]
    best = camera(free)
    _, curvature = finite_differences(log_posterior, free[None], step / 2)
    spread = np.sqrt(np.diag(np.linalg.pinv(-curvature[0], hermitian=True)).clip(0))
    gain = max(likelihood.gain(best), 1e-3)
    return EstimatedCamera(
        up=_axes(*best[:3, None])[0, 0],
        up_error=min(float(np.hypot(np.hypot(spread[0], spread[1]), _CLUTTER_DEGREES / gain)), 90.0),
        focal_length=float(np.exp(best[3])) * likelihood.diagonal,
        focal_length_error=0.0 if known else float(np.hypot(spread[3], _CLUTTER_LOG_FOCAL_LENGTH / gain)),
    )


class CameraLikelihood:
    """Probability of cameras given the straight segments of an image.

    A camera [4] has a pitch (downwards), a roll and an azimuth (of the horizontal directions) in degrees, and the
    logarithm of the focal length over the image's diagonal.

    Args:
        segments: [N, 4] x0 y0 x1 y1 in pixels.
        size: width and height of the image.

    Attributes:
        diagonal: length of the image's diagonal, pixels.
        middle: [N, 2] middle of each segment from the image center, in diagonals.
        along: [N, 2] unit vector along each segment.
        spread: [N] expected error of each segment's angle, degrees.
        weight: [N] weight of each segment; longer ones count more.
    """

    def __init__(self, segments: np.ndarray, size: tuple[int, int]) -> None:
        self.diagonal = float(np.hypot(*size))
        ends = (segments.reshape(-1, 2, 2) - (np.array(size) - 1) / 2) / self.diagonal
        along = ends[:, 1] - ends[:, 0]
        length = np.linalg.norm(along, axis=1)
        self.middle, self.along = ends.mean(1), along / length[:, None]
        pixel = max(1.0, max(size) / LONG_SIDE) / self.diagonal
        self.spread = np.hypot(_EDGE_ERROR, np.degrees(2 * _END_ERROR * pixel / length))
        self.weight = np.minimum(length / max(length.mean(), 1e-9), 3) / _SEGMENTS_PER_OBJECT if len(length) else length

    def starts(self, log_focal: float | None = None, count: int = 6) -> np.ndarray:
        """Cameras [count, 4] to refine: the best up directions on a grid, then the best azimuth and focal length each.

        Args:
            log_focal: logarithm of the focal length over the diagonal, if it is known.
        """
        pitch, roll = (axis.ravel() for axis in np.meshgrid(np.arange(-30, 61, 4.0), np.arange(-40, 41, 4.0)))
        middle = np.log(_FOCAL_LENGTH) if log_focal is None else log_focal
        upright = np.stack([pitch, roll, 0 * pitch, 0 * pitch + middle], -1)
        best = upright[np.argsort(-self.log_posterior(upright, num_directions=1))[: 5 * count]]
        focal_lengths = np.log([0.55, 0.7, 0.85, 1.05, 1.3]) if log_focal is None else np.array([log_focal])
        azimuth, focal_length = (axis.ravel() for axis in np.meshgrid(np.arange(0, 90, 10.0), focal_lengths))
        tried = np.repeat(best[:, None], len(focal_length), 1)  # [5 count, azimuths x focal lengths, 4]
        # Keep the vertical vanishing point, which is f / tan(pitch) away from the principal point.
        tried[..., 0] = np.degrees(np.arctan(np.tan(np.radians(tried[..., 0])) * np.exp(focal_length - middle)))
        tried[..., 2], tried[..., 3] = azimuth, focal_length
        log_posteriors = np.stack([self.log_posterior(cameras) for cameras in tried])
        best_of_each = tried[np.arange(len(tried)), log_posteriors.argmax(1)]  # one for each up, so that they differ
        return best_of_each[np.argsort(-log_posteriors.max(1))[:count]]

    def log_posterior(self, cameras: np.ndarray, num_directions: int = 3) -> np.ndarray:
        """Logarithm of the probability [G] of cameras [G, 4], up to a constant.

        Args:
            num_directions: 1 for vertical segments alone, 3 for the horizontal ones too.
        """
        pitch, roll, _, log_focal = cameras.T
        roll_density = (1 - _TILTED_SHARE) * _normal(roll / _ROLL_SPREAD) / _ROLL_SPREAD
        roll_density += _TILTED_SHARE * _normal(roll / _TILTED_ROLL_SPREAD) / _TILTED_ROLL_SPREAD
        log_prior = np.log(roll_density) - 0.5 * ((pitch - _PITCH) / _PITCH_SPREAD) ** 2
        log_prior -= 0.5 * ((log_focal - np.log(_FOCAL_LENGTH)) / _FOCAL_LENGTH_SPREAD) ** 2
        return log_prior + np.log(self._likelihood(cameras, num_directions)) @ self.weight

    def gain(self, camera: np.ndarray) -> float:
        """Logarithm of how much more probable a camera [4] makes the segments than chance does."""
        return float(np.log(180 * self._likelihood(camera[None], 3)[0]) @ self.weight)

    def _likelihood(self, cameras: np.ndarray, num_directions: int) -> np.ndarray:
        """Probability density [G, N] of the segments' angles, per degree, for cameras [G, 4]."""
        pitch, roll, azimuth, log_focal = cameras.T
        axes = _axes(pitch, roll, azimuth)[:, :num_directions]  # [G, D, 3]
        # In the image, a line along the direction D through the point p runs in the direction f D_xy - D_z p.
        focal_length = np.exp(log_focal)[:, None, None, None]
        expected = focal_length * axes[:, :, None, :2] - axes[:, :, None, 2:] * self.middle  # [G, D, N, 2]
        expected /= np.linalg.norm(expected, axis=-1, keepdims=True) + 1e-12
        sine = expected[..., 0] * self.along[:, 1] - expected[..., 1] * self.along[:, 0]
        deviations = np.degrees(np.arcsin(np.abs(sine).clip(0, 1))) / self.spread
        shares = _SHARES[:num_directions]
        return shares @ (_normal(deviations) / self.spread) + (1 - shares.sum()) / 180


def _axes(pitch: np.ndarray, roll: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    """Unit vectors [G, 3, 3] in the camera frame along up and the two horizontal directions; arguments in degrees [G].

    Pitch and roll are those of `motion.Floor`. At an azimuth of 0, the horizontal directions are to the left in the
    image and straight ahead.
    """
    (cp, sp), (cr, sr), (ca, sa) = ((np.cos(x), np.sin(x)) for x in np.radians([pitch, roll, azimuth]))
    across = np.stack([-cr, -sr, 0 * cr], -1)
    ahead = np.stack([sr * sp, -cr * sp, cp], -1)
    up = np.stack([cp * sr, -cp * cr, -sp], -1)
    ca, sa = ca[:, None], sa[:, None]
    return np.stack([up, ca * across + sa * ahead, ca * ahead - sa * across], 1)


def _normal(deviations: np.ndarray) -> np.ndarray:
    """Density of the standard normal distribution."""
    return np.exp(-0.5 * deviations**2) / np.sqrt(2 * np.pi)


def find_maxima(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Find local maxima of a function with Newton's method.

    The function is not concave: along directions in which it curves upwards, Newton's step is reversed, and the best
    of several step lengths is taken.

    Args:
        function: from points [G, P] to values [G].
        x: [G, P] start points.
        step: [P] typical size of a step along each coordinate.

    Returns:
        [G, P] points near maxima.
    """
    lengths = np.array([0.0, 0.2, 1.0])[:, None, None]
    for _ in range(_ITERATIONS):
        slope, curvature = finite_differences(function, x, step / 4)
        values, vectors = np.linalg.eigh(curvature * np.outer(step, step))
        along = np.einsum("gpk,gp->gk", vectors, slope * step) / np.maximum(np.abs(values), 1e-3)
        newton = step * np.einsum("gpk,gk->gp", vectors, along.clip(-_MAX_STEP, _MAX_STEP))
        tried = x + lengths * newton  # [lengths, G, P]
        results = function(tried.reshape(-1, x.shape[1])).reshape(tried.shape[:2])
        x = tried[results.argmax(0), np.arange(len(x))]
    return x


def finite_differences(
    function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradients [G, P] and second derivatives [G, P, P] of a function at points [G, P], by central differences.

    Args:
        function: from points [G, P] to values [G].
        step: [P] size of the difference along each coordinate.
    """
    count, (one, other) = len(step), np.triu_indices(len(step), 1)
    along = np.diag(step)
    steps = np.concatenate([along, along[one] + along[other]])
    tried = x[:, None] + np.concatenate([0 * along[:1], steps, -steps])
    values = function(tried.reshape(-1, count)).reshape(len(x), -1)
    here, (forward, backward) = values[:, :1], np.split(values[:, 1:], 2, axis=1)
    bends = forward + backward - 2 * here  # along each axis, and along the sum of two
    curvature = np.zeros((len(x), count, count))
    curvature[:, one, other] = (bends[:, count:] - bends[:, one] - bends[:, other]) / 2
    curvature += curvature.transpose(0, 2, 1)
    curvature[:, range(count), range(count)] = bends[:, :count]
    return (forward - backward)[:, :count] / (2 * step), curvature / np.outer(step, step)
