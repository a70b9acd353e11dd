"""What a picture's straight lines tell about its camera: where up is, and the focal length.

Buildings and furniture have edges that run straight up and edges that lie level, most of these in two directions at
right angles. Lines of one direction in space run to one point of the picture, the direction's vanishing point, so every
straight segment is a vote for a camera (Coughlan and Yuille, "Manhattan World", ICCV 1999, with the segments of von
Gioi et al., "LSD", 2010). The likeliest camera is looked for on a grid and refined. How much better than chance it
explains the segments becomes the expected error, so that a beach or a crowd tells nothing rather than something wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

LONG_SIDE = 960  # pixels to which pictures are reduced
_SHORTEST, _SHORTEST_PIXELS = 0.025, 12.0  # a segment's least length: share of the diagonal, and reduced pixels
_MOST = 300  # segments, the longest
_DISPLACED = 1.0  # reduced pixels by which a segment's ends are off
_BENT = 0.7  # degrees by which straight edges are not straight, or not quite upright or level
_SHARES = np.array([0.25, 0.2, 0.2])  # of the segments that run up and along both level directions; the rest anywhere
_TOGETHER = 4.0  # segments that tell no more than one, since an object has many edges
# How cameras are held, before anything was seen: degrees, and the focal length as a share of the picture's diagonal.
_PITCH, _PITCH_SPREAD = 8.0, 18.0
_ROLL_SPREAD, _TILTED_SPREAD, _TILTED = 3.0, 20.0, 0.2
_FOCAL, _FOCAL_SPREAD = 0.85, 0.35  # the spread is of its logarithm
_ROUNDS, _FARTHEST = 8, 4.0  # of the search, and how far it goes in one, in its steps
# What clutter may feign, over the gain (see _Votes.gain): chosen on the HDRI panoramas that come with Blender.
_FEIGNED_DEGREES, _FEIGNED_FOCAL = 100.0, 4.0


@dataclass(frozen=True)
class EstimatedCamera:
    """A camera as straight lines tell it.

    Attributes:
        up: [3] unit vector against gravity in the camera frame (OpenCV's axes).
        up_error: degrees by which it is expected to be off.
        focal_length: pixels.
        focal_length_error: by which its logarithm is expected to be off; 0 where it was given.
    """

    up: np.ndarray
    up_error: float
    focal_length: float
    focal_length_error: float


def find_segments(image: np.ndarray) -> np.ndarray:
    """Straight segments of a picture.

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
    shortest = max(_SHORTEST * float(np.linalg.norm(gray.shape)), _SHORTEST_PIXELS)
    longest = np.argsort(-length)[: min(_MOST, int((length > shortest).sum()))]
    return (segments[longest] + 0.5) / scale - 0.5


def estimate_camera(segments: np.ndarray, size: tuple[int, int], focal_length: float | None = None) -> EstimatedCamera:
    """The likeliest camera.

    Args:
        segments: [N, 4] x0 y0 x1 y1 in pixels.
        size: the picture's width and height; the principal point is its center.
        focal_length: pixels, if it is known.
    """
    votes = _Votes(segments, size)
    known = [] if focal_length is None else [np.log(focal_length / votes.diagonal)]

    def camera(free: np.ndarray) -> np.ndarray:
        """[..., 3 or 4] -> [..., 4], with the focal length that is known."""
        return np.insert(free, [3] * len(known), known, axis=-1)

    def posterior(free: np.ndarray) -> np.ndarray:
        return votes.posterior(camera(free))

    step = np.array([1.0, 1.0, 2.0, 0.05])[: 4 - len(known)]
    climbed = _climb(posterior, votes.starts(*known)[:, : len(step)], step)
    found = climbed[posterior(climbed).argmax()]
    best = camera(found)
    _, curvature = _derivatives(posterior, found[None], step / 2)
    spread = np.sqrt(np.diag(np.linalg.pinv(-curvature[0], hermitian=True)).clip(0))
    gain = max(votes.gain(best), 1e-3)
    return EstimatedCamera(
        up=_axes(*best[:3, None])[0, 0],
        up_error=min(float(np.hypot(np.hypot(spread[0], spread[1]), _FEIGNED_DEGREES / gain)), 90.0),
        focal_length=float(np.exp(best[3])) * votes.diagonal,
        focal_length_error=0.0 if known else float(np.hypot(spread[3], _FEIGNED_FOCAL / gain)),
    )


class _Votes:
    """Segments as votes for cameras x [..., 4]: pitch (downwards), roll and the level lines' azimuth in degrees, and
    the logarithm of the focal length over the picture's diagonal."""

    def __init__(self, segments: np.ndarray, size: tuple[int, int]) -> None:
        self.diagonal = float(np.hypot(*size))
        ends = (segments.reshape(-1, 2, 2) - (np.array(size) - 1) / 2) / self.diagonal
        along = ends[:, 1] - ends[:, 0]
        length = np.linalg.norm(along, axis=1)
        self.middle, self.along = ends.mean(1), along / length[:, None]
        pixel = max(1.0, max(size) / LONG_SIDE) / self.diagonal
        self.spread = np.hypot(_BENT, np.degrees(2 * _DISPLACED * pixel / length))  # [N] degrees
        self.weight = np.minimum(length / max(length.mean(), 1e-9), 3) / _TOGETHER if len(length) else length

    def starts(self, log_focal: float | None = None, count: int = 6) -> np.ndarray:
        """[count, 4] cameras from which the likeliest may be reached: first up alone, then the rest for the best."""
        pitch, roll = (axis.ravel() for axis in np.meshgrid(np.arange(-30, 61, 4.0), np.arange(-40, 41, 4.0)))
        middle = np.log(_FOCAL) if log_focal is None else log_focal
        upright = np.stack([pitch, roll, 0 * pitch, 0 * pitch + middle], -1)
        best = upright[np.argsort(-self.posterior(upright, directions=1))[: 5 * count]]
        focal_lengths = np.log([0.55, 0.7, 0.85, 1.05, 1.3]) if log_focal is None else np.array([log_focal])
        azimuth, focal_length = (axis.ravel() for axis in np.meshgrid(np.arange(0, 90, 10.0), focal_lengths))
        tried = np.repeat(best[:, None], len(focal_length), 1)  # [5 count, azimuths x focal lengths, 4]
        # The vertical vanishing point stays where it is, f / tan(pitch) from the principal point.
        tried[..., 0] = np.degrees(np.arctan(np.tan(np.radians(tried[..., 0])) * np.exp(focal_length - middle)))
        tried[..., 2], tried[..., 3] = azimuth, focal_length
        worth = np.stack([self.posterior(each) for each in tried])
        likeliest = tried[np.arange(len(tried)), worth.argmax(1)]  # one for each up, so that they differ
        return likeliest[np.argsort(-worth.max(1))[:count]]

    def posterior(self, x: np.ndarray, directions: int = 3) -> np.ndarray:
        """[G, 4] cameras -> [G] logarithms of how likely they are; with up alone, or with the level directions too."""
        pitch, roll, _, log_focal = x.T
        held = (1 - _TILTED) * _normal(roll / _ROLL_SPREAD) / _ROLL_SPREAD
        held += _TILTED * _normal(roll / _TILTED_SPREAD) / _TILTED_SPREAD
        prior = np.log(held) - 0.5 * ((pitch - _PITCH) / _PITCH_SPREAD) ** 2
        prior -= 0.5 * ((log_focal - np.log(_FOCAL)) / _FOCAL_SPREAD) ** 2
        return prior + np.log(self._likelihood(x, directions)) @ self.weight

    def gain(self, x: np.ndarray) -> float:
        """How much likelier a camera [4] makes the segments than chance does: a logarithm."""
        return float(np.log(180 * self._likelihood(x[None], 3)[0]) @ self.weight)

    def _likelihood(self, x: np.ndarray, directions: int) -> np.ndarray:
        """[G, 4] cameras -> [G, N] density of the segments' angles, per degree."""
        pitch, roll, azimuth, log_focal = x.T
        axes = _axes(pitch, roll, azimuth)[:, :directions]  # [G, D, 3]
        # A line along D runs through the picture's point p towards f D_xy - D_z p.
        focal_length = np.exp(log_focal)[:, None, None, None]
        towards = focal_length * axes[:, :, None, :2] - axes[:, :, None, 2:] * self.middle  # [G, D, N, 2]
        towards /= np.linalg.norm(towards, axis=-1, keepdims=True) + 1e-12
        sine = towards[..., 0] * self.along[:, 1] - towards[..., 1] * self.along[:, 0]
        off = np.degrees(np.arcsin(np.abs(sine).clip(0, 1))) / self.spread
        shares = _SHARES[:directions]
        return shares @ (_normal(off) / self.spread) + (1 - shares.sum()) / 180


def _axes(pitch: np.ndarray, roll: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    """Degrees [G] -> [G, 3, 3] unit vectors in the camera frame: up (as `motion.Floor` counts pitch and roll), and the
    two level directions, by the azimuth from the picture's horizon and from straight ahead."""
    (cp, sp), (cr, sr), (ca, sa) = ((np.cos(x), np.sin(x)) for x in np.radians([pitch, roll, azimuth]))
    across = np.stack([-cr, -sr, 0 * cr], -1)
    ahead = np.stack([sr * sp, -cr * sp, cp], -1)
    up = np.stack([cp * sr, -cp * cr, -sp], -1)
    ca, sa = ca[:, None], sa[:, None]
    return np.stack([up, ca * across + sa * ahead, ca * ahead - sa * across], 1)


def _normal(deviations: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * deviations**2) / np.sqrt(2 * np.pi)


def _climb(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: np.ndarray) -> np.ndarray:
    """From points [G, P] to the maxima of a function [G, P] -> [G] near them, by Newton's method.

    It is a bumpy function, so where it curves upwards Newton's step is turned round, and of several lengths of a step
    the best counts.
    """
    lengths = np.array([0.0, 0.2, 1.0])[:, None, None]
    for _ in range(_ROUNDS):
        slope, curvature = _derivatives(function, x, step / 4)
        values, vectors = np.linalg.eigh(curvature * np.outer(step, step))
        along = np.einsum("gpk,gp->gk", vectors, slope * step) / np.maximum(np.abs(values), 1e-3)
        newton = step * np.einsum("gpk,gk->gp", vectors, along.clip(-_FARTHEST, _FARTHEST))
        tried = x + lengths * newton  # [lengths, G, P]
        worth = function(tried.reshape(-1, x.shape[1])).reshape(tried.shape[:2])
        x = tried[worth.argmax(0), np.arange(len(x))]
    return x


def _derivatives(
    function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Slope [G, P] and second derivatives [G, P, P] of a function [G, P] -> [G] at points [G, P], by differences."""
    count, (one, other) = len(step), np.triu_indices(len(step), 1)
    along = np.diag(step)
    steps = np.concatenate([along, along[one] + along[other]])
    tried = x[:, None] + np.concatenate([0 * along[:1], steps, -steps])
    values = function(tried.reshape(-1, count)).reshape(len(x), -1)
    here, (forth, back) = values[:, :1], np.split(values[:, 1:], 2, axis=1)
    bends = forth + back - 2 * here  # along each axis, and along the sum of two
    curvature = np.zeros((len(x), count, count))
    curvature[:, one, other] = (bends[:, count:] - bends[:, one] - bends[:, other]) / 2
    curvature += curvature.transpose(0, 2, 1)
    curvature[:, range(count), range(count)] = bends[:, :count]
    return (forth - back)[:, :count] / (2 * step), curvature / np.outer(step, step)
