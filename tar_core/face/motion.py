"""The face of a person over a clip, from the looks at it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.face.shape import CAPTURED_KEYS, KEY_ROWS, load_face_map
from tar_core.face.tracker import SeenFace
from tar_core.face_names import NUM_FACE_KEYS
from tar_core.people.looks import values_over_time

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
    known, confidence = values_over_time(found, presence, rows, len(frames), fps, is_smoothed=~IS_BLINK)
    values[:, KEY_ROWS] = np.clip(known, 0, 1)
    return FaceMotion(values * np.clip(2 * confidence, 0, 1)[:, None], confidence)


def face_values(raw: np.ndarray) -> np.ndarray:
    """Values [M, 8] of CAPTURED_KEYS, from the raw values in the frames of a clip.

    The median of the raw values is taken for the person's neutral face.
    """
    return np.clip(raw - np.median(raw, 0) + load_face_map().bias, 0, 1)
