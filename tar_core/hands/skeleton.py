"""The hand of a body in MediaPipe's order: rest landmarks, and joints as hinges with limits."""

from dataclasses import dataclass

import numpy as np

from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import FINGERS, NUM_HAND_JOINTS, SMPLH_JOINT_NAMES

SIDES = ("left", "right")
DIGITS = ("thumb", "index", "middle", "ring", "pinky")  # in MediaPipe's order
# For each finger in MediaPipe's order, the rows of its three joints among the 15 of a hand in SMPL-H's order.
SMPLH_ROWS = np.array([[3 * FINGERS.index(digit) + number for number in range(3)] for digit in DIGITS])

# Angles in degrees of each joint, from root to tip, about its three axes: lowest, highest, relaxed, and how far healthy
# hands usually are from relaxed. Axes: spread (away from the thumb), flexion (toward the palm), twist.
# Ranges: about those of AAOS, "Joint motion: method of measuring and recording", 1965.
_LOCKED = (0, 0, 0, 0)
_HINGE = (_LOCKED, (-5, 105, 25, 50), _LOCKED)
_TIP = (_LOCKED, (-5, 80, 15, 38), _LOCKED)
_KNUCKLE = ((-20, 20, 0, 12), (-30, 90, 20, 50), _LOCKED)
_FINGER = (_KNUCKLE, _HINGE, _TIP)
_THUMB = (
    ((-35, 35, 0, 22), (-30, 45, 5, 22), (-30, 30, 0, 18)),
    ((-8, 8, 0, 6), (-20, 60, 12, 30), _LOCKED),
    (_LOCKED, (-20, 80, 15, 38), _LOCKED),
)
ANGLES = np.radians(np.array([_THUMB, _FINGER, _FINGER, _FINGER, _FINGER], np.float64))  # [5, 3, 3, 4]
LOWEST, HIGHEST, RELAXED, SPREAD = np.moveaxis(ANGLES, -1, 0)
IS_FREE = LOWEST < HIGHEST  # [5, 3, 3]


@dataclass(frozen=True)
class HandSkeleton:
    """A hand at rest, in SMPL's axes; positions are relative to the wrist, meters.

    Attributes:
        side: "left" or "right".
        chains: [5, 4, 3] of each finger in MediaPipe's order: three joints and the tip.
        axes: [5, 3, 3, 3] of each joint: spread, flexion, twist.
    """

    side: str
    chains: np.ndarray
    axes: np.ndarray

    @classmethod
    def of_body(cls, side: str, rest_joints: np.ndarray) -> "HandSkeleton":
        """The hand of a body.

        Args:
            side: "left" or "right".
            rest_joints: [52, 3] joints of the body at rest, in SMPL-H's order.
        """
        index = {name: number for number, name in enumerate(SMPLH_JOINT_NAMES)}
        wrist = rest_joints[index[f"{side}_wrist"]]
        joints = np.array([[rest_joints[index[f"{side}_{d}{n}"]] for n in (1, 2, 3)] for d in DIGITS]) - wrist
        # The skeleton ends at the last joint; the outer bone has about 0.85 of the length of the one before.
        last = joints[:, 2] - joints[:, 1]
        chains = np.concatenate([joints, (joints[:, 2] + 0.85 * last)[:, None]], 1)
        sign = 1 if side == "right" else -1
        palm = sign * _unit(np.cross(joints[1, 0], joints[4, 0]))
        across = _unit(joints[4, 0] - joints[1, 0])  # from the index finger to the little finger
        axes = np.zeros((5, 3, 3, 3))
        for digit in range(5):
            toward = _unit(palm + across) if digit == 0 else palm
            for joint in range(3):
                along = _unit(chains[digit, joint + 1] - chains[digit, joint])
                flexion = _unit(np.cross(along, toward))
                # Mirrored hands have the same angles, so the axes across the mirror have the other sign.
                axes[digit, joint] = sign * np.cross(along, flexion), flexion, sign * along
        return cls(side, chains, axes)

    def pose(self, angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pose the fingers.

        Args:
            angles: [N, 5, 3, 3] of each joint about its axes, radians.

        Returns:
            points: [N, 5, 4, 3] joints and tips, relative to the wrist, in the axes of the palm at rest.
            axes: [N, 5, 3, 3, 3] of each joint, in the same axes.
        """
        turns = self.rotations(angles)
        total = np.broadcast_to(np.eye(3), (*angles.shape[:2], 3, 3))
        points, axes = [np.broadcast_to(self.chains[:, 0], (len(angles), 5, 3))], []
        for joint in range(3):
            for axis in range(3):
                axes.append((total @ self.axes[:, joint, axis, :, None])[..., 0])
                total = total @ turns[:, :, joint, axis]
            step = self.chains[:, joint + 1] - self.chains[:, joint]
            points.append(points[-1] + (total @ step[..., None])[..., 0])
        return np.stack(points, 2), np.stack(axes, 2).reshape(*angles.shape, 3)

    def landmarks(self, rotations: np.ndarray) -> np.ndarray:
        """Landmarks [N, 21, 3] in MediaPipe's order, relative to the wrist, in the axes of the palm at rest.

        Args:
            rotations: [N, 15, 3, 3] of the joints relative to their parents, in SMPL-H's order.
        """
        turns = rotations[:, SMPLH_ROWS]  # [N, 5, 3, 3, 3]
        total = np.broadcast_to(np.eye(3), (*turns.shape[:2], 3, 3))
        points = [np.broadcast_to(self.chains[:, 0], (len(turns), 5, 3))]
        for joint in range(3):
            total = total @ turns[:, :, joint]
            step = self.chains[:, joint + 1] - self.chains[:, joint]
            points.append(points[-1] + (total @ step[..., None])[..., 0])
        fingers = np.stack(points, 2).reshape(len(turns), 20, 3)
        return np.concatenate([np.zeros((len(turns), 1, 3)), fingers], 1)

    def rotations(self, angles: np.ndarray) -> np.ndarray:
        """Rotation [N, 5, 3, 3, 3, 3] about each axis of each joint."""
        return np.asarray(axis_angle_to_matrix(angles[..., None] * self.axes))

    def joint_rotations(self, angles: np.ndarray) -> np.ndarray:
        """Rotations [N, 15, 3, 3] of the joints relative to their parents, in SMPL-H's order."""
        turns = self.rotations(angles)
        result = np.zeros((len(angles), NUM_HAND_JOINTS, 3, 3))
        result[:, SMPLH_ROWS] = turns[..., 0, :, :] @ turns[..., 1, :, :] @ turns[..., 2, :, :]
        return result


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))
