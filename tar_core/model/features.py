"""Output of a backbone for a frame: the static features of the paper, and landmarks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tar_core.arrays import Array, concatenate, to_tensor
from tar_core.camera.crop import CROP_CENTER

# Landmarks 0 to 32 are points of the body. 33, between the hips, is the center of a circle around the person, and 34 is
# on that circle, above 33 along the body axis. 35 to 38 are unused.
NUM_LANDMARKS = 39

# Layout of BlazePose's `FrameFeatures.vector`; each part has a range of about -1 to 1.
POOLED = slice(0, 1632)  # spatial mean of the encoder's last map
POINTS = slice(1632, 1710)  # x, y of the landmarks from the crop's center, in units of half the crop
DEPTHS = slice(1710, 1749)  # z of the landmarks relative to the hips, in units of half the crop
CONFIDENCES = slice(1749, 1827)  # visibility and presence of the landmarks, interleaved
WORLD = slice(1827, 1944)  # world landmarks, in units of 0.5 m
VECTOR_SIZE = 1944


@dataclass(frozen=True)
class Landmarks:
    """BlazePose's landmarks for a batch of crops, as arrays or tensors; `...` is the batch shape.

    Attributes:
        points: [..., 39, 2] crop pixels; (0, 0) is the center of the top-left pixel. May be outside the crop.
        visibility: [..., 39] probability that the point is visible (inside the crop and not occluded).
        presence: [..., 39] probability that the point is inside the crop.
        world: [..., 39, 3] meters from the middle of the hips, in the axes of the crop: x right, y down, z away from
            the camera. Rows 33 to 38 are unused.
        score: [...] probability that the crop shows a person.
    """

    points: Array
    visibility: Array
    presence: Array
    world: Array
    score: Array

    @classmethod
    def unknown(cls, batch: Sequence[int]) -> "Landmarks":
        """Landmarks for a backbone without them: none is visible, and the crop shows a person."""
        points = np.full((*batch, NUM_LANDMARKS, 2), CROP_CENTER, np.float32)
        nothing = np.zeros_like(points[..., 0])
        world = np.zeros((*batch, NUM_LANDMARKS, 3), np.float32)
        return cls(points, nothing, nothing, world, np.ones(tuple(batch), np.float32))

    def map(self, function: Callable[[Array], Array]) -> "Landmarks":
        """Apply `function` to each array."""
        return Landmarks(
            points=function(self.points),
            visibility=function(self.visibility),
            presence=function(self.presence),
            world=function(self.world),
            score=function(self.score),
        )

    def __getitem__(self, index: Any) -> "Landmarks":
        """Index the batch."""
        return self.map(lambda array: array[index])

    def to(self, device: Any) -> "Landmarks":
        """The same as tensors on a torch device."""
        return self.map(lambda array: to_tensor(array, device))

    @staticmethod
    def cat(parts: "Sequence[Landmarks]") -> "Landmarks":
        """Concatenate batches along their first axis."""
        return Landmarks(
            points=concatenate([part.points for part in parts]),
            visibility=concatenate([part.visibility for part in parts]),
            presence=concatenate([part.presence for part in parts]),
            world=concatenate([part.world for part in parts]),
            score=concatenate([part.score for part in parts]),
        )


@dataclass(frozen=True)
class FrameFeatures:
    """Static features of a batch of crops, as arrays or tensors; `...` is the batch shape.

    Attributes:
        vector: [..., C] global feature f_t; C is the backbone's `vector_size`.
        local_map: [..., M, 64, 64] local feature map m_t over the crop; M is the backbone's `map_channels`.
        landmarks: landmarks from the backbone.
    """

    vector: Array
    local_map: Array
    landmarks: Landmarks

    def map(self, function: Callable[[Array], Array]) -> "FrameFeatures":
        """Apply `function` to each array, including those of the landmarks."""
        return FrameFeatures(function(self.vector), function(self.local_map), self.landmarks.map(function))

    def __getitem__(self, index: Any) -> "FrameFeatures":
        """Index the batch."""
        return self.map(lambda array: array[index])

    def to(self, device: Any) -> "FrameFeatures":
        """The same as tensors on a torch device."""
        return self.map(lambda array: to_tensor(array, device))

    @staticmethod
    def cat(parts: "Sequence[FrameFeatures]") -> "FrameFeatures":
        """Concatenate batches along their first axis."""
        return FrameFeatures(
            vector=concatenate([part.vector for part in parts]),
            local_map=concatenate([part.local_map for part in parts]),
            landmarks=Landmarks.cat([part.landmarks for part in parts]),
        )
