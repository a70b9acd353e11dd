"""The face of a person over a clip, from the looks at it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.face.shape import CAPTURED_KEYS, KEY_ROWS, load_face_map
from tar_core.face.tracker import SeenFace
from tar_core.face_names import NUM_FACE_KEYS
from tar_core.filters import smooth_points, smoothing_window

MAX_GAP = 0.4  # seconds between two looks that are joined
FADE = 0.3  # seconds from the last look to the neutral face
SMOOTHING = 0.2  # seconds of motion that a parabola is fitted to
IS_BLINK = np.array([name.startswith("eyeBlink") for name in CAPTURED_KEYS])  # as short as the noise, so not smoothed


@dataclass(frozen=True)
class FaceMotion:
    """The face of a person in N frames.

    Attributes:
        values: [N, 52] of the shape keys FACE_KEY_NAMES, 0 to 1; zero for those that are not among CAPTURED_KEYS.
        confidence: [N] 0 to 1; 0 where the face is not seen and neutral.
    """

    values: np.ndarray
    confidence: np.ndarray


def face_motion(looks: Sequence[SeenFace], frames: np.ndarray, fps: float) -> FaceMotion:
    """Compute the face of a person.

    Args:
        looks: in the order of their frames.
        frames: [N] consecutive frame numbers.
        fps: frames per second.
    """
    values, confidence = np.zeros((len(frames), NUM_FACE_KEYS)), np.zeros(len(frames))
    seen = [look for look in looks if frames[0] <= look.frame <= frames[-1]]
    if not seen:
        return FaceMotion(values, confidence)
    rows = np.array([look.frame for look in seen]) - frames[0]
    found = face_values(np.array([look.raw_values for look in seen], np.float64))
    presence = np.array([look.presence for look in seen])
    starts = np.flatnonzero(np.diff(rows, prepend=-len(frames) - MAX_GAP * fps) > MAX_GAP * fps)
    for first, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        near, run_values, strength = _run(rows[first:end], found[first:end], presence[first:end], len(frames), fps)
        better = strength > confidence[near]
        values[np.ix_(near[better], KEY_ROWS)], confidence[near[better]] = run_values[better], strength[better]
    return FaceMotion(values * np.clip(2 * confidence, 0, 1)[:, None], confidence)


def face_values(raw: np.ndarray) -> np.ndarray:
    """Values [M, 8] of CAPTURED_KEYS, from the raw values in the frames of a clip.

    The median of the raw values is taken for the person's neutral face.
    """
    return np.clip(raw - np.median(raw, 0) + load_face_map().bias, 0, 1)


def _run(
    rows: np.ndarray, values: np.ndarray, presence: np.ndarray, count: int, fps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Interpolate and smooth between looks that are close in time.

    Args:
        rows: [M] frames of the looks.
        values: [M, 8] found in them.
        presence: [M] how sure they are, 0 to 1.
        count: number of frames.

    Returns:
        near: [R] the frames from shortly before the first look to shortly after the last.
        values: [R, 8] constant beyond the first and the last look.
        confidence: [R] which fades there.
    """
    inner = np.arange(rows[0], rows[-1] + 1)
    known = np.stack([np.interp(inner, rows, column) for column in values.T], 1)
    sure = np.interp(inner, rows, presence)
    smooth = smooth_points(known, smoothing_window(SMOOTHING * fps, len(inner)), (1 / np.maximum(sure, 0.1))[:, None])
    known = np.where(IS_BLINK, known, np.clip(smooth, 0, 1))
    fade = int(FADE * fps)
    near = np.arange(max(0, rows[0] - fade), min(count, rows[-1] + fade + 1))
    inside = np.clip(near, rows[0], rows[-1])
    strength = sure[inside - rows[0]] * (1 - np.abs(near - inside) / (FADE * fps + 1))
    return near, known[inside - rows[0]], strength
