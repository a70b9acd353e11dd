"""An open right hand, and the hands of the free body."""

from functools import cache

import numpy as np

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.hands.skeleton import HandSkeleton

# MediaPipe's 21 landmarks of a right hand seen from its back, fingers up: x right, y down, in units of about 0.1 m.
_ROOTS = np.array([[-0.25, -0.25], [-0.3, -0.95], [0.0, -1.0], [0.22, -0.95], [0.42, -0.85]])
_TIPS = np.array([[-0.85, -0.85], [-0.45, -1.75], [0.0, -1.9], [0.3, -1.75], [0.6, -1.45]])
_STEPS = np.linspace(0, 1, 4)[:, None]
OPEN_HAND = np.concatenate([np.zeros((1, 2)), *(a + _STEPS * (b - a) for a, b in zip(_ROOTS, _TIPS, strict=True))])


@cache
def hand_skeleton(side: str) -> HandSkeleton:
    """The hand of the free body."""
    return HandSkeleton.of_body(side, hand_rest_joints())


@cache
def hand_rest_joints() -> np.ndarray:
    """[52, 3] joints of the free body at rest."""
    return rest_joints(load_body().with_fingers(), np.zeros(10, np.float32)).astype(np.float64)
