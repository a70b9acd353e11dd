"""The focal length of a clip in plain words, and when it matters."""

import math

import numpy as np

from tar_core.motion import MotionClip

FULL_FRAME = 36.0  # millimeters, the longer side
GUESS = 0.2  # expected error of the logarithm of the focal length from which it is called a guess
MIN_ERROR = 0.1  # expected error of the logarithm below which there is no warning
LARGE_SHIFT = 0.5  # meters
PERCENTILES = 5, 95  # of the depths in all frames; raw depths have outliers


def equivalent_35mm(clip: MotionClip) -> float:
    """Focal length in millimeters of the lens with the same view across the longer side of a 36 mm sensor."""
    return FULL_FRAME * clip.focal_length / max(clip.width, clip.height)


def focal_length_text(clip: MotionClip) -> str:
    """The focal length and how certain it is, such as "38 mm (35 mm equivalent), within 10 %"."""
    text = f"{equivalent_35mm(clip):.0f} mm (35 mm equivalent)"
    if not clip.focal_length_error:
        return text if clip.focal_length_error is None else f"{text}, as given"
    guess = ", a guess" if clip.focal_length_error > GUESS else ""
    return f"{text}, within {_percent(clip.focal_length_error)}{guess}"


def short_focal_length_text(clip: MotionClip) -> str:
    """The same for a narrow panel."""
    text = f"Lens {equivalent_35mm(clip):.0f} mm"
    if not clip.focal_length_error:
        return text
    guess = ", a guess" if clip.focal_length_error > GUESS else ""
    return f"{text} \N{PLUS-MINUS SIGN} {_percent(clip.focal_length_error)}{guess}"


def focal_length_warning(clip: MotionClip) -> str:
    """A warning if an uncertain focal length misplaces people against each other or along their paths; else empty.

    A wrong focal length stretches the scene along the line of sight, which shows only if there is depth in it.
    """
    if not clip.people or (clip.focal_length_error or 0.0) < MIN_ERROR:
        return ""
    near, far = np.percentile(np.concatenate([clip.depths(person) for person in clip.people]), PERCENTILES)
    depth = float(far - near)
    shift = depth * math.expm1(clip.focal_length_error or 0.0)
    if shift < LARGE_SHIFT:
        return ""
    return (
        f"the focal length is uncertain: {focal_length_text(clip)}. Distances of up to {depth:.0f} m along the line of "
        f"sight may be wrong by {shift:.1f} m; give the focal length"
    )


def _percent(log_error: float) -> str:
    return f"{100 * math.expm1(log_error):.0f} %"
