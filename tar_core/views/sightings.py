"""What one view tells about a person: joints in space, precise across the line of sight and imprecise along it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.motion import PersonMotion
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import NUM_JOINTS, global_rotations, pose_skeleton

# Standard errors (docs/experiments/2026-11-30-views.md). Of joints relative to the root, as fractions of their expected
# errors in the clip, across and along the line of sight; of the root, as fractions of its distance.
_ACROSS, _ALONG = 0.2, 1.5
_ROOT_ACROSS, _ROOT_ALONG = 0.005, 0.06
_TYPICAL_ERROR = 0.1  # meters; of motion without expected errors
_MIN_CONFIDENCE = 0.1  # smaller confidences are raised to this value


@dataclass(frozen=True)
class Sightings:
    """A person in N frames of one view.

    Attributes:
        joints: [N, 24, 3] positions, meters.
        sight: [N, 24, 3] from the camera to the joints, meters.
        errors: [N, 24] expected errors relative to the root, larger in frames of low confidence, meters.
        rotations: [N, 24, 3, 3] global rotations of the joints.
    """

    joints: np.ndarray
    sight: np.ndarray
    errors: np.ndarray
    rotations: np.ndarray

    def transformed(self, rotation: np.ndarray, translation: np.ndarray) -> "Sightings":
        """The same person in another frame, x' = R x + t."""
        return Sightings(
            self.joints @ rotation.T + translation, self.sight @ rotation.T, self.errors, rotation @ self.rotations
        )

    def rows(self, rows: slice | np.ndarray) -> "Sightings":
        """The sightings in some of the frames."""
        return Sightings(self.joints[rows], self.sight[rows], self.errors[rows], self.rotations[rows])

    @classmethod
    def concatenated(cls, parts: "Sequence[Sightings]") -> "Sightings":
        """All frames of several sightings."""
        names = ("joints", "sight", "errors", "rotations")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def covariances(self) -> np.ndarray:
        """Covariances [N, 24, 3, 3] of the joints, square meters."""
        distance = np.linalg.norm(self.sight, axis=-1)
        along = np.hypot(_ALONG * self.errors, _ROOT_ALONG * distance)
        return _covariances(self.sight, np.hypot(_ACROSS * self.errors, _ROOT_ACROSS * distance), along)

    def relative_covariances(self) -> np.ndarray:
        """Covariances [N, 23, 3, 3] of the joints other than the root, relative to it, square meters."""
        errors = self.errors[:, 1:]
        return _covariances(self.sight[:, 1:], _ACROSS * errors, _ALONG * errors)

    def root_covariances(self) -> np.ndarray:
        """Covariances [N, 1, 3, 3] of the root, square meters."""
        sight = self.sight[:, :1]
        distance = np.linalg.norm(sight, axis=-1)
        return _covariances(sight, _ROOT_ACROSS * distance, _ROOT_ALONG * distance)


def _covariances(sight: np.ndarray, across: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Covariances [..., 3, 3] for standard errors [...] across and along lines of sight [..., 3]."""
    direction = sight / np.linalg.norm(sight, axis=-1, keepdims=True)
    outer = direction[..., :, None] * direction[..., None, :]
    difference = along**2 - across**2
    return np.asarray((across**2)[..., None, None] * np.eye(3) + difference[..., None, None] * outer)


def joints_of(person: PersonMotion, body: BodyData) -> np.ndarray:
    """The joints [N, 24, 3] of a person in the camera frame, meters."""
    _, joints = pose_skeleton(_axis_angles(person), rest_joints(body, person.betas.astype(np.float64)))
    return np.asarray(joints + person.trans[:, None])


def sightings_of(person: PersonMotion, body: BodyData) -> Sightings:
    """The sightings of a captured person, by a camera at the origin."""
    joints = joints_of(person, body)
    errors = person.joint_errors.astype(np.float64)
    if not errors.any():
        errors = np.full_like(errors, _TYPICAL_ERROR)
        errors[:, 0] = 0.0
    errors = errors / np.clip(person.confidence, _MIN_CONFIDENCE, 1)[:, None]
    return Sightings(joints, joints, errors, global_rotations(axis_angle_to_matrix(_axis_angles(person))))


def _axis_angles(person: PersonMotion) -> np.ndarray:
    return person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
