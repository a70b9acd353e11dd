"""Tables of the world benchmark."""

import numpy as np

from benchmarks.world.scoring import Scores

COLUMNS = (
    *("pa", "mpjpe", "wa", "w", "rte%", "root mm", "along", "true", "across", "true", "accel", "true", "slide", "true"),
    *("under%", "float%", "jitter", "true", "tilt", "focal%", "missed%", "switch"),
)


def mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def p99(values: np.ndarray) -> float:
    return float(np.percentile(values, 99)) if len(values) else float("nan")


def median(values: np.ndarray) -> float:
    return float(np.median(np.abs(values))) if len(values) else float("nan")


def header(name: str) -> str:
    return f"{name:18}" + "".join(f"{column:>8}" for column in COLUMNS)


def row(name: str, scores: Scores) -> str:
    """Means; 99th percentiles of speeds and accelerations; medians of tilt and focal length; a sum of switches."""
    values = [
        *(mean(scores.pa), mean(scores.mpjpe), mean(scores.wa), mean(scores.w), mean(scores.rte), mean(scores.root)),
        *(p99(scores.along), p99(scores.true_along), p99(scores.across), p99(scores.true_across)),
        *(p99(scores.acceleration), p99(scores.true_acceleration), mean(scores.slide), mean(scores.true_slide)),
        *(100 * mean(scores.under), 100 * mean(scores.floating), mean(scores.jitter), mean(scores.true_jitter)),
        *(median(scores.tilt), median(scores.focal), 100 * mean(scores.missed), scores.switches.sum()),
    ]
    return f"{name:18}" + "".join(f"{value:8.1f}" for value in values)


def figure(scores: Scores) -> str:
    """The benchmark's last line."""
    return (
        f"FIGURE_WORLD pa={mean(scores.pa):.1f} mpjpe={mean(scores.mpjpe):.1f} wa_mpjpe={mean(scores.wa):.1f}"
        f" w_mpjpe={mean(scores.w):.1f} rte={mean(scores.rte):.1f} root_speed_p99={p99(scores.speed):.2f}"
        f" true_speed_p99={p99(scores.true_speed):.2f} along_p99={p99(scores.along):.2f}"
        f" true_along_p99={p99(scores.true_along):.2f} slide_mm={mean(scores.slide):.1f}"
        f" under_floor_percent={100 * mean(scores.under):.1f} float_percent={100 * mean(scores.floating):.1f}"
        f" jitter={mean(scores.jitter):.1f} tilt_deg={median(scores.tilt):.1f}"
        f" tilt_p90={np.percentile(scores.tilt, 90):.1f} focal_percent={median(scores.focal):.1f}"
        f" focal_within={mean(scores.focal_within):.2f}"
        f" missed={100 * mean(scores.missed):.1f} switches={scores.switches.sum():.0f}"
    )
