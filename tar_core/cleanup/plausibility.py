"""Plausibility of captured motion, without ground truth: finds what a real person could not have done.

The thresholds come from recorded human motion. `python -m benchmarks.plausible_motion` prints its percentiles, and
docs/experiments/2026-11-28-plausibility.md explains the choice. The report lists frames to look at. It does not judge
the capture: a person on a chair, on stairs or on a beam is correctly above the floor.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tar_core.body.data import BodyData
from tar_core.cleanup.kinematics import Kinematics, kinematics_of
from tar_core.cleanup.pipeline import clean_up
from tar_core.cleanup.uncertainty import UncertainRange
from tar_core.filters import true_runs
from tar_core.motion import MotionClip
from tar_core.options import NO_CLEANUP

GRAVITY = 9.81  # m/s^2
MM_PER_FRAME = 1000 / 30  # from m/s to mm in 1/30 s, whatever the frame rate of the clip

# Of the root. Recorded motion: at most 3.7 m/s and 24 m/s^2 along the line of sight (99.9 %: 3.4 and 12), at most
# 4.2 m/s and 40 m/s^2 across it, because impacts on the floor are vertical.
MAX_SPEED = 5.0  # m/s
MAX_ACCELERATION_ALONG, MAX_ACCELERATION_ACROSS = 25.0, 45.0  # m/s^2
MAX_SLIDING = 0.6  # m/s, mean over SUSTAINED. Recorded: 99 % below 0.44, 99.9 % below 0.68
MAX_JITTER = 180.0  # 10 m/s^3, mean over SUSTAINED. Recorded: 99.9 % below 174
MAX_DISTANCE_CHANGE = 0.06  # of the distance in 0.1 s, beyond what the box supports. Recorded: at most 0.05
MAX_FALL_ERROR = 5.0  # m/s^2, difference from gravity. Recorded: 96 % of the flights (few) are within it
MAX_DEPTH = 0.02  # meters below the floor
_NO_FALL = 0.5  # m/s^2; a person who falls slower, or rises faster and faster, does not fall
FLOATING_HEIGHT = 0.05  # meters above the floor. Recorded: 94 % of the frames with a foot in contact are below

SUSTAINED = 0.5  # seconds
MIN_BELOW, MIN_FLOATING = 0.2, 0.5  # seconds; shorter ranges are not reported
_MAX_GAP = 0.3  # seconds; closer ranges of one kind are joined


@dataclass(frozen=True)
class Percentiles:
    """Percentiles of the absolute values of a quantity over all frames."""

    p50: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, values: np.ndarray) -> "Percentiles":
        """Of values [N]."""
        return cls(*map(float, np.percentile(np.abs(values), (50, 95, 99, 100))))


@dataclass(frozen=True)
class Plausibility:
    """Plausibility of the motion of one or several people. Quantities that cannot be measured are NaN.

    Attributes:
        summary: one line in plain words.
        ranges: frames to look at, in order of time.
        speed_along, speed_across: of the root along and across the line of sight, m/s.
        acceleration_along, acceleration_across: the same, m/s^2.
        root_speed_p99, acceleration_p99: 99th percentiles of the magnitudes.
        sliding: mean horizontal movement of the soles in contact, mm in 1/30 s.
        under_floor_percent: percentage of the frames in which a sole is more than MAX_DEPTH below the floor.
        deepest: how far the soles are below the floor at most, mm; 0 if they are never below.
        floating_percent: percentage of the frames in which a person who is not in free flight is more than
            FLOATING_HEIGHT above the floor.
        hovering: median height of the lowest point in these frames, mm.
        flight_off: number of frames in flights whose vertical acceleration is not gravity to within MAX_FALL_ERROR.
        fall: median vertical acceleration of the frames in free flight, m/s^2.
        jitter: mean jerk of the joints, 10 m/s^3, from frames 1/30 s apart.
        distance_jump: largest relative change of the distance in 0.1 s that the box does not support, percent.
    """

    summary: str
    ranges: tuple[UncertainRange, ...]
    speed_along: Percentiles
    speed_across: Percentiles
    acceleration_along: Percentiles
    acceleration_across: Percentiles
    root_speed_p99: float
    acceleration_p99: float
    sliding: float
    under_floor_percent: float
    deepest: float
    floating_percent: float
    hovering: float
    flight_off: int
    fall: float
    jitter: float
    distance_jump: float

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values; NaN becomes None."""
        values = asdict(self)
        return {
            name: None if isinstance(value, float) and math.isnan(value) else value for name, value in values.items()
        }


def kinematics_of_clip(clip: MotionClip, body: BodyData) -> dict[int, Kinematics]:
    """Place a clip on its floor and compute the kinematics of each person, by number. The motion does not change.

    If the camera trajectory comes with its own world, the floor is unknown.
    """
    placement = clean_up(clip, body, NO_CLEANUP, on_ground=True).placement
    has_floor = clip.camera_trajectory is None or clip.camera_trajectory.world is None
    return {person.person_id: kinematics_of(person, clip, body, placement, has_floor) for person in clip.people}


def plausibility_of(people: Sequence[Kinematics]) -> Plausibility:
    """Report on the motion of one person, or of several people together.

    Args:
        people: at least one.
    """

    def joined(quantity: Callable[[Kinematics], np.ndarray]) -> np.ndarray:
        return np.concatenate([quantity(person) for person in people])

    velocity, acceleration = joined(lambda person: person.velocity), joined(lambda person: person.acceleration)
    sole_height, height = joined(lambda person: person.sole_height), joined(lambda person: person.height)
    floating, falls = joined(is_floating), joined(lambda person: person.fall)
    has_floor = not np.isnan(height).all()
    under_floor_percent = 100 * float((sole_height < -MAX_DEPTH).mean()) if has_floor else math.nan
    deepest = 1000 * float(np.nanmax(np.maximum(-sole_height, 0))) if has_floor else math.nan
    floating_percent = 100 * float(floating.mean()) if has_floor else math.nan
    hovering = 1000 * _median(height[floating])
    findings = [finding for person in people for finding in _findings(person)]
    return Plausibility(
        summary=_summary(findings, under_floor_percent, deepest, floating_percent, hovering),
        ranges=tuple(sorted((found.range for found in findings), key=lambda found: (found.first, found.last))),
        speed_along=Percentiles.of(velocity[:, 0]),
        speed_across=Percentiles.of(velocity[:, 1]),
        acceleration_along=Percentiles.of(acceleration[:, 0]),
        acceleration_across=Percentiles.of(acceleration[:, 1]),
        root_speed_p99=Percentiles.of(np.linalg.norm(velocity, axis=1)).p99,
        acceleration_p99=Percentiles.of(np.linalg.norm(acceleration, axis=1)).p99,
        sliding=MM_PER_FRAME * _mean(joined(lambda person: person.sliding)),
        under_floor_percent=under_floor_percent,
        deepest=deepest,
        floating_percent=floating_percent,
        hovering=hovering,
        flight_off=int(joined(falls_wrongly).sum()),
        fall=_median(falls[~np.isnan(falls)]),
        jitter=_mean(joined(lambda person: person.jitter)),
        distance_jump=100 * float(np.abs(joined(lambda person: person.distance_change)).max()),
    )


def falls_wrongly(person: Kinematics) -> np.ndarray:
    """[N] bool: the frames of free flight in which the vertical acceleration is not gravity."""
    return np.abs(person.fall + GRAVITY) > MAX_FALL_ERROR  # comparisons with NaN are false


def is_floating(person: Kinematics) -> np.ndarray:
    """[N] bool: the frames in which the person is above the floor, but neither jumps nor runs."""
    return (person.height > FLOATING_HEIGHT) & (person.in_contact | falls_wrongly(person))


def sustained(values: np.ndarray, fps: float) -> np.ndarray:
    """Mean over SUSTAINED seconds around each frame of values [N], without NaN; NaN if most of them are NaN."""
    known = ~np.isnan(values)
    kernel = np.ones(min(max(1, round(SUSTAINED * fps)), len(values)))
    total = np.convolve(np.where(known, values, 0.0), kernel, "same")
    count = np.convolve(known.astype(float), kernel, "same")
    return np.where(count >= len(kernel) / 2, total / np.maximum(count, 1.0), np.nan)


@dataclass(frozen=True)
class _Finding:
    """A range to look at.

    Attributes:
        kind: ranges of one kind are summarized together.
        excess: how far the threshold is exceeded, as a factor.
    """

    kind: str
    excess: float
    range: UncertainRange


def _findings(person: Kinematics) -> list[_Finding]:
    """All ranges to look at."""
    along, across = person.velocity.T
    acceleration = np.abs(person.acceleration)
    sliding, jitter = sustained(person.sliding, person.fps), sustained(person.jitter, person.fps)
    change, depth = np.abs(person.distance_change), -person.sole_height
    fall_error = np.abs(person.fall + GRAVITY)

    def leap(frames: slice) -> str:
        peak = float(along[frames][np.abs(along[frames]).argmax()])
        if abs(peak) <= MAX_SPEED:
            return f"root jerks along the line of sight ({acceleration[frames, 0].max():.0f} m/s^2)"
        return f"root leaps {'towards' if peak < 0 else 'away from'} the camera at {abs(peak):.1f} m/s"

    def leap_across(frames: slice) -> str:
        peak = across[frames].max()
        if peak <= MAX_SPEED:
            return f"root jerks across the line of sight ({acceleration[frames, 1].max():.0f} m/s^2)"
        return f"root leaps across the line of sight at {peak:.1f} m/s"

    excess_along = np.maximum(np.abs(along) / MAX_SPEED, acceleration[:, 0] / MAX_ACCELERATION_ALONG)
    excess_across = np.maximum(across / MAX_SPEED, acceleration[:, 1] / MAX_ACCELERATION_ACROSS)
    floating_height = np.where(is_floating(person), person.height, 0.0)
    checks: tuple[tuple[str, np.ndarray, float, Callable[[slice], str]], ...] = (
        ("along", excess_along, 0, leap),
        ("across", excess_across, 0, leap_across),
        ("distance", change / MAX_DISTANCE_CHANGE, 0, lambda at: f"distance jumps by {100 * change[at].max():.0f} %"),
        ("flight", fall_error / MAX_FALL_ERROR, 0, lambda at: _fall_text(-person.fall[at][0])),
        ("sliding", sliding / MAX_SLIDING, 0, lambda at: f"feet in contact slide at {np.nanmax(sliding[at]):.2f} m/s"),
        ("jitter", jitter / MAX_JITTER, 0, lambda at: f"joints jitter ({jitter[at].max():.0f})"),
        ("below", depth / MAX_DEPTH, MIN_BELOW, lambda at: f"feet {1000 * depth[at].max():.0f} mm below the floor"),
        (
            "floating",
            floating_height / FLOATING_HEIGHT,
            MIN_FLOATING,
            lambda at: f"body {1000 * np.median(person.height[at]):.0f} mm above the floor",
        ),
    )
    return [
        _Finding(
            kind,
            float(np.nanmax(excess[first:end])),
            UncertainRange(describe(slice(first, end)), int(person.frames[first]), int(person.frames[end - 1])),
        )
        for kind, excess, duration, describe in checks
        for first, end in _joined_runs(excess > 1, duration * person.fps, _MAX_GAP * person.fps)
    ]


def _fall_text(acceleration: float) -> str:
    """How a person falls in a flight, from the downward acceleration, m/s^2."""
    if acceleration < _NO_FALL:
        return "is in the air without falling"
    return f"falls too {'slowly' if acceleration < GRAVITY else 'fast'} ({acceleration:.1f} instead of 9.8 m/s^2)"


def _joined_runs(flags: np.ndarray, shortest: float, gap: float) -> list[tuple[int, int]]:
    """Runs of true values [N] of at least `shortest` frames; runs that are at most `gap` frames apart become one."""
    runs: list[tuple[int, int]] = []
    for first, end in true_runs(flags, shortest):
        if runs and first - runs[-1][1] <= gap:
            runs[-1] = runs[-1][0], end
        else:
            runs.append((first, end))
    return runs


def _summary(
    findings: Sequence[_Finding], under_floor_percent: float, deepest: float, floating_percent: float, hovering: float
) -> str:
    """The worst range of each kind; for the floor, the percentage of all frames."""
    worst: dict[str, _Finding] = {}
    for found in findings:
        if found.kind not in worst or found.excess > worst[found.kind].excess:
            worst[found.kind] = found
    parts = {kind: str(found.range) for kind, found in worst.items()}
    if "below" in parts:
        parts["below"] = f"feet up to {deepest:.0f} mm below the floor in {under_floor_percent:.0f} % of frames"
    if "floating" in parts:
        parts["floating"] = f"body {hovering:.0f} mm above the floor in {floating_percent:.0f} % of frames"
    return "; ".join(parts.values()) or "nothing to check"


def _mean(values: np.ndarray) -> float:
    """Mean of values [N] without NaN; NaN if there are no others."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _median(values: np.ndarray) -> float:
    """Median of values [N]; NaN without values."""
    return float(np.median(values)) if len(values) else math.nan
