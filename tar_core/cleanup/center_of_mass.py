"""Where up is, by people's balance: on average their center of mass lies above the middle of what carries them.

Whoever walks, dances or bends down is not upright, but does not fall either. How the weight is shared between the
points that carry it no picture tells, so their middle is taken; the farther they lie apart, as seen from the center of
mass, the less it says.
"""

from dataclasses import dataclass

import numpy as np

from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS

# Segments between SMPL's joints: the share of the mass, and how far along it the segment's own center lies. Both are
# de Leva's ("Adjustments to Zatsiorsky-Seluyanov's segment inertia parameters", 1996), the mean of women and men; her
# trunk begins between the hips and her head ends at its vertex, so these two places are carried over.
_SEGMENTS = [("pelvis", "neck", 0.430, 0.48), ("neck", "head", 0.068, 1.3)]
for _side in ("left", "right"):
    _SEGMENTS += [
        (f"{_side}_shoulder", f"{_side}_elbow", 0.0263, 0.576),
        (f"{_side}_elbow", f"{_side}_wrist", 0.0150, 0.457),
        (f"{_side}_wrist", f"{_side}_hand", 0.0059, 0.77),
        (f"{_side}_hip", f"{_side}_knee", 0.1447, 0.385),
        (f"{_side}_knee", f"{_side}_ankle", 0.0457, 0.444),
        (f"{_side}_ankle", f"{_side}_foot", 0.0133, 0.42),
    ]
_SHARES = np.zeros(NUM_JOINTS)  # of the mass, as if it lay in the joints
for _upper, _lower, _mass, _along in _SEGMENTS:
    _SHARES[JOINT_NAMES.index(_upper)] += _mass * (1 - _along)
    _SHARES[JOINT_NAMES.index(_lower)] += _mass * _along
_SHARES /= _SHARES.sum()

# Expected errors: degrees that no length of a clip takes away, and meters by which the middle of a single carrying
# point, which stands for a foot, is off.
_BALANCE, _FOOT = 3.0, 0.1
_STRETCHED, _BELOW = 0.8, 0.5  # share of a leg's length from hip to ankle; cosine between it and the trunk
_NECK = JOINT_NAMES.index("neck")
_LEGS = [[JOINT_NAMES.index(f"{side}_{joint}") for side in ("left", "right")] for joint in ("hip", "knee", "ankle")]


@dataclass(frozen=True)
class Balance:
    """Where up is by one person's balance: a unit vector [3], and the degrees by which it is expected to be off."""

    up: np.ndarray
    error: float


def center_of_mass(joints: np.ndarray) -> np.ndarray:
    """SMPL's joints [..., 24, 3] -> [..., 3], in the same units and frame."""
    return _SHARES @ joints


def on_legs(joints: np.ndarray) -> np.ndarray:
    """[N, 24, 3] -> [N] bool: a leg is nearly stretched, below the trunk. Others may sit on an unseen chair."""
    hips, knees, ankles = (joints[:, place] for place in _LEGS)  # each [N, 2, 3]
    bones = np.linalg.norm(hips - knees, axis=-1) + np.linalg.norm(knees - ankles, axis=-1)
    legs, trunk = hips - ankles, joints[:, _NECK] - joints[:, 0]
    reach = np.linalg.norm(legs, axis=-1)
    cosine = (legs * trunk[:, None]).sum(-1) / (reach * np.linalg.norm(trunk, axis=-1, keepdims=True))
    return ((reach > _STRETCHED * bones) & (cosine > _BELOW)).any(1)


def find_balance(mass: np.ndarray, points: np.ndarray, carries: np.ndarray, fps: float) -> Balance | None:
    """Up, by all frames in which anything carries the person; None if nothing ever does.

    Args:
        mass: [N, 3] the center of mass, meters.
        points: [N, P, 3] of the body's surface, in the same frame.
        carries: [N, P] bool: which of them lie on what carries the person.
        fps: frames a second of the N, which tells how much one says beside its neighbors.
    """
    carried = carries.any(1)
    if not carried.any():
        return None
    mass, points, share = mass[carried], points[carried], carries[carried] / carries[carried].sum(1, keepdims=True)
    middle = np.einsum("np,npk->nk", share, points)
    spread = np.einsum("np,npk->n", share, (points - middle[:, None]) ** 2)
    above = mass - middle
    height = np.linalg.norm(above, axis=1)
    error = np.sqrt(spread + _FOOT**2) / height  # [N] radians, of single frames
    up = (error**-2) @ (above / height[:, None])
    # A second of frames errs together.
    of_all = np.degrees(np.sqrt(1 / np.mean(error**-2) / (1 + len(above) / fps)))
    return Balance(up / np.linalg.norm(up), float(np.hypot(_BALANCE, of_all)))
