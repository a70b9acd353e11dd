"""Estimate of the ground plane in the camera frame. It gives the pitch, roll and height of the camera.

If the vanishing points of the image give a reliable vertical, the people only give the height of the camera. Otherwise
the plane is estimated from these cues (ground_cues.py), each weighted by its expected error:

- Soles and other parts that support the body are in one plane. Those of one person may all be too high or too low,
  since size and distance are uncertain.
- A foot in contact with heel and toe is level.
- People with straight legs and trunk are upright. If none are, people are upright on average.
- The center of mass of people is above their support (center_of_mass.py).
- Cameras are held level, especially in roll. Some have a large roll; if the other cues show that, this one counts less.

The most likely plane is found by the Gauss-Newton method with Cauchy weights, so that single wrong contacts have little
effect. Its covariance, scaled up if the cues disagree, gives the confidence: the probability that the direction of the
vertical is within MAX_ANGLE degrees.
"""

import numpy as np

from tar_core.body.data import BodyData
from tar_core.cleanup.ground_cues import GroundCues, PersonGeometry, geometric_median
from tar_core.motion import LEVEL, Floor, MotionClip, Vertical

MAX_ANGLE = 10.0  # degrees; an error of the vertical that is acceptable
MIN_CONFIDENCE = 0.4  # of a floor that is used; below it, the camera is assumed to be level
MAX_VERTICAL_ERROR = 6.0  # degrees; expected error below which the vertical from vanishing points is used alone

# Expected errors.
_SOLE_ERROR = 0.05  # meters from the floor, of soles in contact
_PERSON_ERROR = 0.08  # meters from the floor; common to all soles of a person
_ONE_FOOT_ERROR, _ALL_FEET_ERROR = 12.0, 7.0  # degrees; of a single foot, and common to all feet
_UPRIGHT_ERROR, _POSTURE_ERROR = 8.0, 12.0  # degrees; common to all upright bodies, and to all median postures
_PITCH_ERROR, _ROLL_ERROR = 25.0, 4.0  # degrees; of a level camera. The roll has outliers
_SYSTEMATIC_ERROR = 6.0  # degrees; of the network's poses and depths, which remains however many cues there are

_MIN_UP_COSINE = 0.5  # to a level camera's up; directions that are farther off are not vertical
_ITERATIONS = 20
_PASSES = 4  # contacts and floor are estimated alternately

_Direction = tuple[np.ndarray, np.ndarray]  # an estimate of up [3], and its information matrix [3, 3] in 1 / radians^2


def find_floor(clip: MotionClip, body: BodyData) -> Floor | None:
    """Estimate the floor on which the people of a clip are.

    Args:
        clip: motion with locked feet. Without foot locking, contacts are less precise.
        body: the clip's body.

    Returns:
        The floor; a level one with its low confidence if the cues are not sufficient; None if there is no contact.
    """
    floor: Floor | None = None
    people = [PersonGeometry(person, clip, body) for person in clip.people]
    for _ in range(_PASSES):  # contacts are found by speed alone in the first pass, then by height above the floor too
        cues = GroundCues.join([GroundCues.of(person, floor) for person in people])
        if len(cues.soles) == 0:
            return floor
        floor = fit_floor(cues)
        # Vanishing points may confuse lines on the floor with vertical ones; people are precise enough to decide that.
        vertical = clip.vertical
        if vertical is not None and vertical.error < MAX_VERTICAL_ERROR and vertical.up @ floor.up > _MIN_UP_COSINE:
            floor = _floor_with_vertical(cues.soles, vertical)
    assert floor is not None
    if floor.confidence < MIN_CONFIDENCE:
        return Floor(LEVEL, _height(cues.soles, LEVEL), floor.confidence)
    return floor


def fit_floor(cues: GroundCues) -> Floor:
    """Find the most likely floor.

    Args:
        cues: with at least one sole.
    """
    from_people = _direction_cues(cues)
    directions = [_level_camera(LEVEL), *from_people]
    information = sum(weight for _, weight in directions)
    up = np.linalg.solve(information, sum(weight @ direction for direction, weight in directions))
    up /= np.linalg.norm(up)
    height = _height(cues.soles, up)
    owns = cues.owners[:, None] == np.unique(cues.owners)  # [K, P] whether a sole belongs to a person
    offsets = np.zeros(owns.shape[1])  # of the soles of each person from the floor
    for _ in range(_ITERATIONS):
        directions = [_level_camera(up), *from_people]
        residuals = (cues.soles @ up + height + owns @ offsets) / _SOLE_ERROR
        weights = 1 / (1 + (residuals / 2) ** 2)
        tangent = np.linalg.svd(up[None])[2][1:]  # [2, 3]
        # Unknowns: the changes of up in the tangent plane, of the height, and of the offsets.
        jacobian = np.column_stack([cues.soles @ tangent.T, np.ones(len(cues.soles)), owns]) / _SOLE_ERROR
        normal = (jacobian * weights[:, None]).T @ jacobian
        right = (jacobian * weights[:, None]).T @ -residuals
        normal[3:, 3:] += np.eye(len(offsets)) / _PERSON_ERROR**2
        right[3:] -= offsets / _PERSON_ERROR**2
        for direction, weight in directions:
            normal[:2, :2] += tangent @ weight @ tangent.T
            right[:2] += tangent @ weight @ (direction - up)
        step = np.linalg.solve(normal, right)
        up = up + step[:2] @ tangent
        up /= np.linalg.norm(up)
        height += float(step[2])
        offsets += step[3:]
        if np.abs(step).max() < 1e-9:
            break
    sole_disagreement = float((weights * residuals**2).sum() / weights.sum())
    return Floor(up, height, _confidence(up, directions, normal, sole_disagreement))


def _level_camera(up: np.ndarray) -> _Direction:
    """The estimate of up from a level camera, with the Cauchy weight of its roll if `up` is right."""
    roll, pitch = np.radians(_ROLL_ERROR), np.radians(_PITCH_ERROR)
    weight = 1 / (1 + (up[0] / roll / 2) ** 2)
    return LEVEL, np.diag([weight / roll**2, pitch**-2, pitch**-2])


def _direction_cues(cues: GroundCues) -> list[_Direction]:
    """The estimates of up from feet, bodies and balance."""
    directions: list[_Direction] = []
    bodies = (cues.bodies, 0.0, _UPRIGHT_ERROR) if len(cues.bodies) else (cues.postures, 0.0, _POSTURE_ERROR)
    for candidates, single_error, common_error in ((cues.feet, _ONE_FOOT_ERROR, _ALL_FEET_ERROR), bodies):
        vertical = candidates[candidates @ LEVEL > _MIN_UP_COSINE]
        if len(vertical):
            # Feet of lying and crawling people are upside down. Then the other feet and bodies are less reliable too.
            error = np.hypot(common_error, single_error / np.sqrt(len(vertical))) * len(candidates) / len(vertical)
            directions.append((geometric_median(vertical), np.eye(3) / np.radians(error) ** 2))
    for balance in cues.balances:
        if balance.up @ LEVEL > _MIN_UP_COSINE:
            directions.append((balance.up, np.eye(3) / np.radians(balance.error) ** 2))
    return directions


def _confidence(up: np.ndarray, directions: list[_Direction], normal: np.ndarray, sole_disagreement: float) -> float:
    """The probability that up is within MAX_ANGLE degrees.

    Args:
        up: [3] the estimate.
        directions: its cues.
        normal: [3 + P, 3 + P] matrix of the normal equations, the inverse of the covariance.
        sole_disagreement: weighted mean square of the residuals of the soles, in expected errors.
    """
    # If residuals are larger than expected, variances grow in proportion to their mean square.
    disagreement = [(direction - up) @ weight @ (direction - up) for direction, weight in directions]
    excess = max(1.0, sole_disagreement, float(np.mean(disagreement)))
    covariance = np.linalg.inv(normal)[:2, :2] * excess
    variance = np.trace(covariance) + 2 * np.radians(_SYSTEMATIC_ERROR) ** 2
    return float(1 - np.exp(-(np.radians(MAX_ANGLE) ** 2) / variance))


def _floor_with_vertical(soles: np.ndarray, vertical: Vertical) -> Floor:
    """The floor below the soles with the vertical from vanishing points."""
    confidence = 1 - float(np.exp(-((MAX_ANGLE / vertical.error) ** 2)))
    return Floor(vertical.up, _height(soles, vertical.up), confidence)


def _height(soles: np.ndarray, up: np.ndarray) -> float:
    """Height of the camera above the median of the soles [K, 3], meters."""
    return -float(np.median(soles @ up))
