"""The root's path as one estimate over the whole clip, together with the height of the floor.

A single camera measures where a person is in the image well, and how far away poorly: the distance follows from the
size in the image, frame by frame, and jumps whenever the pose is uncertain. This module finds the most likely
distances of all frames of a person together. Unknown are

    delta_t   for each frame: correction of the log of the pelvis' distance from the camera
    h         the height of the camera above the floor

With the camera at c and the captured pelvis at c + s, the pelvis moves to c + exp(delta) s and keeps its pixel. All
other points keep their offset from the pelvis. The estimate minimizes the squares of these residuals, each divided by
its expected error, with Cauchy weights against gross errors (maximum a posteriori):

- Distance: delta = 0.
- Dynamics: the center of mass does not accelerate along the line of sight. In free flight, it falls.
- Stance: supports are at rest along the line of sight. The length of captured steps may be wrong by a constant factor,
  so the velocity of a support may be off by more than its acceleration.
- Floor: supports are on the floor, and nothing is below it.

Errors of neighboring frames are not independent. An error of the distance lasts for about `_CORRELATION`, and one of
the height or the velocity of a support as long as it rests, so these count as one measurement for that time.

The Gauss-Newton method solves the problem, in time proportional to the number of frames. Supports are found again in
each pass, since better distances give better speeds of the feet.

A person whose size is wrong by some factor is also too far away by that factor, and on a floor that is too low by it.
So people are scaled about the camera until all stand on the same floor, which does not change their pixels.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.cleanup.banded import FrameLeastSquares, cauchy_weights
from tar_core.cleanup.body_size import scaled_person
from tar_core.cleanup.support import BodyPoints, find_flights, find_supports
from tar_core.filters import true_runs
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion

GRAVITY = 9.81  # m/s^2

_PASSES, _STEPS = 4, 3  # passes with new supports, and Gauss-Newton steps in each
_MEDIAN_WINDOW = 0.7  # seconds of the running median of the distances from which the first pass starts
_CORRELATION = 0.3  # seconds
_MAX_STEP = 0.5  # of the log of a distance in one step

_MIN_SCALE, _MAX_SCALE = 0.6, 1.1  # of people whose size is corrected
_MIN_HEIGHT = 0.8  # meters of the camera above the floor from which sizes follow from it

# Expected errors (docs/experiments/2026-11-29-root-path.md).
_DISTANCE = 0.02  # log of the distance in a usual frame
_ACCELERATION, _FALL = 3.0, 1.5  # m/s^2; of the center of mass, with supports and in free flight
_STANCE_SPEED, _STANCE_ACCELERATION = 0.3, 3.0  # m/s and m/s^2; of a support along the line of sight
_SUPPORT_HEIGHT = 0.03  # meters; of a support above the floor
_BELOW_FLOOR = 0.015  # meters; depth of other points below the floor


@dataclass(frozen=True)
class RootPath:
    """The most likely path of a person's root.

    Attributes:
        log_distance: [N] correction of the log of the pelvis' distance from the camera.
        height: of the camera above the floor of this person, meters.
        supported: number of frames with a support; if it is 0, the height is arbitrary.
    """

    log_distance: np.ndarray
    height: float
    supported: int


@dataclass(frozen=True)
class CorrectedPaths:
    """The people of a clip on their most likely paths.

    Attributes:
        clip: with other translations and shapes.
        floor: at its most likely height; None if it is unreliable.
        heights: of the camera above the floor of each person, who may stand on something else, meters.
    """

    clip: MotionClip
    floor: Floor | None
    heights: list[float]


def correct_root_paths(
    clip: MotionClip, body: BodyData, floor: Floor | None, known_sizes: Collection[int] = ()
) -> CorrectedPaths:
    """Move all people to their most likely paths on a common floor.

    Args:
        clip: smoothed motion.
        body: the clip's body.
        floor: estimate of the floor (ground_plane.py), of which the direction is used; None if it is unreliable.
        known_sizes: IDs of the people whose size is known. It is kept, and the floor is theirs.
    """
    up = None if floor is None else floor.up
    people, paths = [], []
    for person in clip.people:
        points = BodyPoints.of(person, body, clip.fps, clip.camera_positions(person.frames))
        path = find_root_path(points, up)
        moved = (np.exp(path.log_distance) - 1)[:, None] * points.sight
        people.append(replace(person, trans=person.trans + moved))
        paths.append(path)
    if floor is None or not any(path.supported for path in paths):
        return CorrectedPaths(replace(clip, people=people), floor, [path.height for path in paths])
    is_known = [person.person_id in known_sizes for person in people]
    reference = [path for path, known in zip(paths, is_known, strict=True) if known and path.supported]
    height = common_height(reference or paths)
    heights = [path.height for path in paths]
    if clip.camera_trajectory is None or not clip.camera_trajectory.has_translation:
        for k, path in enumerate(paths):
            if not is_known[k] and _has_wrong_size(path, height):
                people[k], heights[k] = scaled_person(people[k], body, height / path.height), height
    return CorrectedPaths(replace(clip, people=people), replace(floor, height=height), heights)


def change_path(
    person: PersonMotion,
    captured: PersonMotion,
    clip: MotionClip,
    body: BodyData,
    floor: Floor | None,
    marks: np.ndarray,
    remembered: dict[str, np.ndarray] | None = None,
) -> PersonMotion:
    """Change a person's path where edited contacts make another one more likely.

    Args:
        person: on the most likely path for the contacts that were found.
        captured: the same person at the captured distances.
        clip: gives the frame rate and the camera.
        body: the clip's body.
        floor: on which the person stands; None if it is not known.
        marks: [N, 2] edited contacts.
        remembered: keeps what does not depend on the marks for further calls with the same other arguments.
    """
    points = BodyPoints.of(captured, body, clip.fps, clip.camera_positions(person.frames), marks)
    up, height = (None, None) if floor is None else (floor.up, floor.height)
    sight = points.sight + person.trans - captured.trans
    start = np.log(np.linalg.norm(sight, axis=1) / np.linalg.norm(points.sight, axis=1))
    changed = find_root_path(points, up, height, start).log_distance
    # The difference that the edits make, so that nothing else changes.
    remembered = {} if remembered is None else remembered
    if "unchanged" not in remembered:
        without_marks = replace(points, marks=np.zeros((0, 2)))
        remembered["unchanged"] = find_root_path(without_marks, up, height, start).log_distance
    return replace(person, trans=person.trans + np.expm1(changed - remembered["unchanged"])[:, None] * sight)


def common_height(paths: Sequence[RootPath]) -> float:
    """Height of the camera above the floor: the median over the people, weighted by their supported frames."""
    heights = np.array([path.height for path in paths])
    weights = np.array([path.supported for path in paths])
    order = np.argsort(heights)
    cumulated = np.cumsum(weights[order])
    return float(heights[order][np.searchsorted(cumulated, cumulated[-1] / 2)])


def _has_wrong_size(path: RootPath, height: float) -> bool:
    """Whether a person's floor is not at the common height of the camera because the person's size is wrong.

    Children may be much smaller than the network assumes. Those who would have to be much larger stand on something.
    Seen from near the floor, a person's size does not change the height of the feet.
    """
    lowest = min(height, path.height)
    return path.supported > 0 and lowest > _MIN_HEIGHT and _MIN_SCALE < height / path.height < _MAX_SCALE


def find_root_path(
    body: BodyPoints, up: np.ndarray | None, height: float | None = None, start: np.ndarray | None = None
) -> RootPath:
    """Find the most likely path of a person's root.

    Args:
        body: the person.
        up: [3] unit vector against gravity in the clip's frame; None if unknown, then without a floor and falls.
        height: of the camera above the floor, meters, if it is known.
        start: [N] corrections of the log of the distance, close to the result, if they are known.
    """
    log_distance = _median_distances(body) if start is None else start
    floor = Floor(LEVEL if up is None else up, 0.0 if height is None else height)
    for number in range(_PASSES if start is None else 1):
        positions = body.positions(log_distance)
        supports = find_supports(body, positions, floor, distances_known=number > 0 or start is not None)
        if number == 0 and height is None:
            heights = positions @ floor.up
            floor = replace(floor, height=-float(np.median(heights[supports] if supports.any() else heights.min(1))))
        flights = find_flights(body, positions, supports, floor)
        problem = _Problem(body, supports, flights, has_floor=up is not None and bool(supports.any()))
        for _ in range(_STEPS):
            log_distance, floor = problem.step(log_distance, floor, is_floor_known=height is not None)
    return RootPath(log_distance, floor.height, int(supports.any(1).sum()))


def _median_distances(body: BodyPoints) -> np.ndarray:
    """Corrections [N] of the log of the distances to their running medians, so that jumps do not persist."""
    captured = np.log(np.linalg.norm(body.sight, axis=1))
    reach = round(_MEDIAN_WINDOW * body.fps / 2)
    padded = np.pad(captured, reach, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return np.asarray(np.nanmedian(windows, axis=1) - captured)


class _Problem:
    """The residuals for given supports.

    Args:
        body: the person.
        supports: [N, Q] points that carry the body.
        flights: [N] frames in free flight.
        has_floor: whether the direction of the floor and gravity is known, and something is on it.
    """

    def __init__(self, body: BodyPoints, supports: np.ndarray, flights: np.ndarray, has_floor: bool) -> None:
        self.body, self.supports, self.flights, self.has_floor = body, supports, flights & has_floor, has_floor
        self._sight = body.sight / np.linalg.norm(body.sight, axis=1, keepdims=True)
        self._correlated = max(1.0, _CORRELATION * body.fps)  # frames that count as one measurement
        self._rest = np.ones(supports.shape)  # [N, Q] the same, for the height and the velocity of a support
        for point in range(supports.shape[1]):
            for first, end in true_runs(supports[:, point]):
                self._rest[first:end, point] = max(self._correlated, end - first)

    def step(self, log_distance: np.ndarray, floor: Floor, is_floor_known: bool = False) -> tuple[np.ndarray, Floor]:
        """One Gauss-Newton step from the distances [N] and the floor, which stays at its height if it is known."""
        body = self.body
        squares = FrameLeastSquares(len(body), 1, 1)
        positions = body.positions(log_distance)
        along = np.exp(log_distance)[:, None] * body.sight  # [N, 3] derivative of all positions
        error = _DISTANCE * body.relative_error * np.sqrt(self._correlated)
        residual = log_distance / error
        squares.add(np.arange(len(body)), (1 / error)[:, None, None], residual, cauchy_weights(residual))
        self._add_dynamics(squares, body.camera + along + body.mass, along, floor.up)
        self._add_stance(squares, positions, along)
        if self.has_floor:
            self._add_floor(squares, positions, along, floor)
        squares.add_shared(np.full((1, 1), 1e6 if is_floor_known else 1e-3), np.zeros(1), np.ones(1))
        change, (height,) = squares.solve()
        log_distance = log_distance + change[:, 0].clip(-_MAX_STEP, _MAX_STEP)
        return log_distance, replace(floor, height=floor.height + float(height))

    def _add_dynamics(self, squares: FrameLeastSquares, mass: np.ndarray, along: np.ndarray, up: np.ndarray) -> None:
        """Add the accelerations of the center of mass [N, 3]."""
        fps, first = self.body.fps, np.arange(len(mass) - 2)
        falls = self.flights[first] & self.flights[first + 1] & self.flights[first + 2]
        error = np.where(falls, _FALL, _ACCELERATION) / fps**2
        expected = np.where(falls, -GRAVITY / fps**2, 0.0)[:, None] * up
        self._add_differences(squares, mass[:, None], along, first, 0 * first, error, (1.0, -2.0, 1.0), expected)

    def _add_stance(self, squares: FrameLeastSquares, positions: np.ndarray, along: np.ndarray) -> None:
        """Add the velocities and accelerations of the supports among the points [N, Q, 3]."""
        fps = self.body.fps
        for coefficients, error in (
            ((-1.0, 1.0), _STANCE_SPEED / fps * np.sqrt(self._rest)),
            ((1.0, -2.0, 1.0), _STANCE_ACCELERATION / fps**2 * np.ones_like(self._rest)),
        ):
            count = len(coefficients)
            first = np.arange(len(positions) - count + 1)
            rests = np.all([self.supports[first + step] for step in range(count)], axis=0)
            first, point = np.nonzero(rests)
            errors = error[first, point] * np.sqrt(rests.sum(1)[first])  # the points of a foot count as one
            self._add_differences(squares, positions, along, first, point, errors, coefficients)

    def _add_differences(
        self,
        squares: FrameLeastSquares,
        positions: np.ndarray,
        along: np.ndarray,
        first: np.ndarray,
        point: np.ndarray,
        error: np.ndarray,
        coefficients: tuple[float, ...],
        expected: np.ndarray | float = 0.0,
    ) -> None:
        """Add differences of positions over time, along the line of sight.

        Args:
            positions: [N, Q, 3] meters.
            along: [N, 3] their derivative.
            first, point: [M] first frames and points.
            error: [M] expected errors, meters.
            coefficients: of the frames.
            expected: [M, 3] expected differences, meters.
        """
        sight = self._sight[first + len(coefficients) // 2]
        difference = -np.asarray(expected)
        columns = []
        for step, coefficient in enumerate(coefficients):
            difference = difference + coefficient * positions[first + step, point]
            columns.append(coefficient * (along[first + step] * sight).sum(1) / error)
        residual = (difference * sight).sum(1) / error
        squares.add(first, np.stack(columns, 1)[..., None], residual, cauchy_weights(residual))

    def _add_floor(self, squares: FrameLeastSquares, positions: np.ndarray, along: np.ndarray, floor: Floor) -> None:
        """Add the heights of supports, and of other points [N, Q, 3] below the floor."""
        heights = floor.heights(positions)
        below = (heights < 0) & ~self.supports
        for chosen, error in (
            (self.supports, _SUPPORT_HEIGHT * np.sqrt(self._rest)),
            (below, _BELOW_FLOOR * np.sqrt(self._correlated)),
        ):
            frame, point = np.nonzero(chosen)
            errors = np.broadcast_to(error, chosen.shape)[frame, point] * np.sqrt(chosen.sum(1)[frame])
            residual = heights[frame, point] / errors
            jacobian = (along[frame] @ floor.up) / errors
            squares.add(frame, jacobian[:, None, None], residual, cauchy_weights(residual), (1 / errors)[:, None])
