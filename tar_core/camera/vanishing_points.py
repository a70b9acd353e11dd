"""Estimate the up direction and the focal length of a camera from the straight lines in an image.

Buildings and furniture have vertical edges and horizontal edges, most of which lie along two directions at right
angles. Parallel lines in space meet in one point of the image, the vanishing point of their direction, so every
straight segment is evidence for a camera (Coughlan and Yuille, "Manhattan World", ICCV 1999; segments from von Gioi et
al., "LSD", 2010). The most probable cameras are searched on a grid and refined. The lines are one cue for the focal
length (`FocalLengthBelief`): their likelihood is integrated over all directions for each focal length. How likely they
mislead depends on how much better than chance the best camera explains them: on a beach or in a crowd they say nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from tar_core.camera.focal_length import LENS_MEDIAN, LENS_SPREAD, LOG_RATIOS, FocalLengthBelief

LONG_SIDE = 960  # pixels; larger images are reduced to this size
_MIN_LENGTH, _MIN_LENGTH_PIXELS = 0.025, 12.0  # of a segment: share of the diagonal, and reduced pixels
_MAX_SEGMENTS = 300  # only the longest segments are used
_END_ERROR = 1.0  # error of a segment's ends, reduced pixels
_EDGE_ERROR = 0.7  # degrees by which real edges deviate from straight, vertical or horizontal
_SHARES = np.array([0.25, 0.2, 0.2])  # of the vertical and of both kinds of horizontal segments; the rest is clutter
_SEGMENTS_PER_OBJECT = 4.0  # an object has several edges, which count as one observation
# Prior of the camera, degrees.
_PITCH, _PITCH_SPREAD = 8.0, 18.0
_ROLL_SPREAD, _TILTED_ROLL_SPREAD, _TILTED_SHARE = 3.0, 20.0, 0.2
_ITERATIONS, _MAX_STEP = 8, 4.0  # of the refinement; the longest step, in multiples of the step size
_STEP = np.array([1.0, 1.0, 2.0, 0.05])  # typical size of a step of a camera: degrees, and the log of the focal length
# Error of up caused by clutter, times the gain (see `CameraLikelihood.gain`); tuned on the HDRI panoramas of Blender.
_CLUTTER_DEGREES = 100.0
_DECIMALS = 6  # of the results; sums of many numbers depend on where they lie in memory, and so would motion files
# Probability that lines mislead about the focal length: at least `_LEAST_MISLEADING`, half between that and 1 at the
# gain `_HALF_GAIN`; tuned on panoramas and on rotated views of a calibrated camera.
_LEAST_MISLEADING, _HALF_GAIN, _GAIN_SPREAD = 0.05, 25.0, 6.0
_FOCAL_LENGTHS, _HYPOTHESES = 17, 2  # focal lengths at which the likelihood is computed, and starts for each


@dataclass(frozen=True)
class EstimatedCamera:
    """A camera estimated from vanishing points.

    Attributes:
        up: [3] unit vector against gravity in the camera frame (OpenCV's axes).
        up_error: expected error of `up`, degrees.
        focal_length: pixels.
        focal_length_error: expected error of the logarithm of the focal length; two in three are smaller. 0 if the
            focal length was given.
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


def estimate_camera(
    segments: np.ndarray,
    size: tuple[int, int],
    focal_length: float | None = None,
    belief: FocalLengthBelief | None = None,
) -> EstimatedCamera:
    """Estimate the camera from the straight segments of its image and from what is known about its focal length.

    Args:
        segments: [N, 4] x0 y0 x1 y1 in pixels.
        size: width and height of the image; the principal point is its center.
        focal_length: pixels, if it is known.
        belief: what is known otherwise (default: the lenses of videos).
    """
    likelihood = CameraLikelihood(segments, size)
    if focal_length is not None:
        return estimate_directions(likelihood, float(np.log(focal_length / likelihood.diagonal)), 0.0)
    belief = (belief or FocalLengthBelief.of_lenses()).with_cue(*focal_length_cue(likelihood))
    return estimate_directions(likelihood, round(belief.log_ratio, _DECIMALS), round(belief.error, _DECIMALS))


def estimate_directions(likelihood: "CameraLikelihood", log_focal: float, error: float) -> EstimatedCamera:
    """Estimate up for a logarithm of the focal length over the diagonal, which has an expected error."""
    log_posterior = likelihood.log_posterior_of_directions(np.array([log_focal]))
    maxima = find_maxima(log_posterior, likelihood.starts(log_focal)[:, :3], _STEP[:3])
    directions = maxima[log_posterior(maxima).argmax()].round(_DECIMALS)
    _, curvature = finite_differences(log_posterior, directions[None], _STEP[:3] / 2)
    spread = np.sqrt(np.diag(np.linalg.pinv(-curvature[0], hermitian=True)).clip(0))
    gain = max(likelihood.gain(np.append(directions, log_focal)), 1e-3)
    # The vanishing point of the vertical stays in its place, so a wrong focal length is an error of the pitch.
    from_focal_length = np.degrees(error * abs(np.sin(2 * np.radians(directions[0])))) / 2
    up_error = np.linalg.norm([spread[0], spread[1], _CLUTTER_DEGREES / gain, from_focal_length])
    return EstimatedCamera(
        up=_axes(*directions[:, None])[0, 0],
        up_error=round(min(float(up_error), 90.0), _DECIMALS),
        focal_length=float(np.exp(log_focal)) * likelihood.diagonal,
        focal_length_error=error,
    )


def focal_length_cue(likelihood: "CameraLikelihood") -> tuple[np.ndarray, float]:
    """What the segments say about the focal length: arguments of `FocalLengthBelief.with_cue`."""
    maxima = find_maxima(likelihood.log_posterior, likelihood.starts(), _STEP)
    best = maxima[np.argsort(-likelihood.log_posterior(maxima))[:_HYPOTHESES]]
    gain = max(likelihood.gain(camera) for camera in best)
    _, curvature = finite_differences(likelihood.log_posterior, best[:1], _STEP / 2)
    spread = np.sqrt(np.linalg.pinv(-curvature[0], hermitian=True)[3, 3].clip(1e-6, 0.25))
    near = best[0, 3] + spread * np.array([-3.0, -1.5, -0.7, 0.0, 0.7, 1.5, 3.0])
    log_focals = np.sort(np.append(np.linspace(LOG_RATIOS[0], LOG_RATIOS[-1], _FOCAL_LENGTHS), near))
    log_likelihood = np.interp(LOG_RATIOS, log_focals, likelihood.of_focal_lengths(log_focals, best))
    trusted = 1 / (1 + np.exp((_HALF_GAIN - gain) / _GAIN_SPREAD))
    return log_likelihood, 1 - (1 - _LEAST_MISLEADING) * trusted


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
        middle = np.log(LENS_MEDIAN) if log_focal is None else log_focal
        upright = np.stack([pitch, roll, 0 * pitch, 0 * pitch + middle], -1)
        best = upright[np.argsort(-self.log_posterior(upright, num_directions=1))[: 5 * count]]
        focal_lengths = np.log([0.55, 0.7, 0.85, 1.05, 1.3]) if log_focal is None else np.array([log_focal])
        azimuth, focal_length = (axis.ravel() for axis in np.meshgrid(np.arange(0, 90, 10.0), focal_lengths))
        tried = np.repeat(best[:, None], len(focal_length), 1)  # [5 count, azimuths x focal lengths, 4]
        tried = _with_focal_length(tried, focal_length)
        tried[..., 2] = azimuth
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
        log_prior -= 0.5 * ((log_focal - np.log(LENS_MEDIAN)) / LENS_SPREAD) ** 2
        return log_prior + np.log(self._likelihood(cameras, num_directions)) @ self.weight

    def log_posterior_of_directions(self, log_focals: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """`log_posterior` as a function of pitch, roll and azimuth [G, 3] alone, for focal lengths [G] or [1].

        The prior of the focal length is left out. The function also takes several points for each focal length,
        [K G, 3] with the focal lengths repeated, as `find_maxima` passes them.
        """

        def log_posterior(directions: np.ndarray) -> np.ndarray:
            log_focal = np.tile(log_focals, len(directions) // len(log_focals))
            log_prior = -0.5 * ((log_focal - np.log(LENS_MEDIAN)) / LENS_SPREAD) ** 2
            return self.log_posterior(np.column_stack([directions, log_focal])) - log_prior

        return log_posterior

    def of_focal_lengths(self, log_focals: np.ndarray, cameras: np.ndarray) -> np.ndarray:
        """Logarithm of the likelihood [F] of focal lengths [F], integrated over all directions, up to a constant.

        Args:
            log_focals: [F] logarithms of the focal length over the diagonal.
            cameras: [S, 4] starts of the search for the directions of each focal length. Laplace's method integrates
                around the best of them.
        """
        starts = _with_focal_length(np.repeat(cameras[:, None], len(log_focals), 1), log_focals)[..., :3]
        log_posterior = self.log_posterior_of_directions(np.tile(log_focals, len(cameras)))
        directions = find_maxima(log_posterior, starts.reshape(-1, 3), _STEP[:3], iterations=3)
        _, curvature = finite_differences(log_posterior, directions, _STEP[:3] / 2)
        bend = np.linalg.eigvalsh(-curvature * np.outer(_STEP[:3], _STEP[:3])).clip(1e-2)
        integrals = log_posterior(directions) - 0.5 * np.log(bend).sum(1)
        return integrals.reshape(len(cameras), -1).max(0)

    def gain(self, camera: np.ndarray) -> float:
        """Logarithm of how much more probable a camera [4] makes the segments than chance does."""
        return float(np.log(180 * self._likelihood(camera[None], 3)[0]) @ self.weight)

    def _likelihood(self, cameras: np.ndarray, num_directions: int) -> np.ndarray:
        """Probability density [G, N] of the segments' angles, per degree, for cameras [G, 4]."""
        pitch, roll, azimuth, log_focal = cameras.T
        axes = _axes(pitch, roll, azimuth)[:, :num_directions]  # [G, D, 3]
        # In the image, a line along the direction D through the point p runs in the direction f D_xy - D_z p. Its x and
        # y are separate arrays [G, D, N], which takes half the time of arrays of pairs.
        axis_x, axis_y, axis_z = axes.transpose(2, 0, 1)[..., None]
        focal_length = np.exp(log_focal)[:, None, None]
        expected_x = focal_length * axis_x - axis_z * self.middle[:, 0]
        expected_y = focal_length * axis_y - axis_z * self.middle[:, 1]
        length = np.sqrt(expected_x**2 + expected_y**2) + 1e-12
        sine = np.abs(expected_x * self.along[:, 1] - expected_y * self.along[:, 0]) / length
        deviations = np.degrees(np.arcsin(np.minimum(sine, 1))) / self.spread
        shares = _SHARES[:num_directions]
        return shares @ _normal(deviations) / self.spread + (1 - shares.sum()) / 180


def _with_focal_length(cameras: np.ndarray, log_focals: np.ndarray) -> np.ndarray:
    """Cameras [..., 4] with other focal lengths [...] and the same vertical vanishing point, f / tan(pitch) away."""
    changed = cameras.copy()
    ratio = np.exp(log_focals - cameras[..., 3])
    changed[..., 0] = np.degrees(np.arctan(np.tan(np.radians(cameras[..., 0])) * ratio))
    changed[..., 3] = log_focals
    return changed


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


def find_maxima(
    function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: np.ndarray, iterations: int = _ITERATIONS
) -> np.ndarray:
    """Find local maxima of a function with Newton's method.

    The function is not concave: along directions in which it curves upwards, Newton's step is reversed, and the best
    of several step lengths is taken.

    Args:
        function: from points [K G, P] to values [K G], for any K.
        x: [G, P] start points.
        step: [P] typical size of a step along each coordinate.

    Returns:
        [G, P] points near maxima.
    """
    lengths = np.array([0.0, 0.2, 1.0])[:, None, None]
    for _ in range(iterations):
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
    tried = x + np.concatenate([0 * along[:1], steps, -steps])[:, None]  # [differences, G, P]
    values = function(tried.reshape(-1, count)).reshape(-1, len(x)).T
    here, (forward, backward) = values[:, :1], np.split(values[:, 1:], 2, axis=1)
    bends = forward + backward - 2 * here  # along each axis, and along the sum of two
    curvature = np.zeros((len(x), count, count))
    curvature[:, one, other] = (bends[:, count:] - bends[:, one] - bends[:, other]) / 2
    curvature += curvature.transpose(0, 2, 1)
    curvature[:, range(count), range(count)] = bends[:, :count]
    return (forward - backward)[:, :count] / (2 * step), curvature / np.outer(step, step)
