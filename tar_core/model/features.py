"""Output of a backbone for a frame: the static features of the paper, and landmarks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tar_core.camera.crop import CROP_CENTER

# Landmarks 0 to 32 are points of the body. 33, between the hips, is the center of a circle around the person, and 34 is
# on that circle, above 33 along the body axis. 35 to 38 are unused.
NUM_LANDMARKS = 39


@dataclass(frozen=True)
class Landmarks:
    """BlazePose's landmarks for a batch of crops; `...` is the batch shape.

    Attributes:
        points: [..., 39, 2] crop pixels; (0, 0) is the center of the top-left pixel. May be outside the crop.
        visibility: [..., 39] probability that the point is visible (inside the crop and not occluded).
        presence: [..., 39] probability that the point is inside the crop.
        world: [..., 39, 3] meters from the middle of the hips, in the axes of the crop: x right, y down, z away from
            the camera. Rows 33 to 38 are unused.
        score: [...] probability that the crop shows a person.
    """

    points: Tensor
    visibility: Tensor
    presence: Tensor
    world: Tensor
    score: Tensor

    @classmethod
    def unknown(cls, batch: Sequence[int], device: torch.device | str | None = None) -> "Landmarks":
        """Landmarks for a backbone without them: none is visible, and the crop shows a person."""
        points = torch.full((*batch, NUM_LANDMARKS, 2), CROP_CENTER, device=device)
        nothing = torch.zeros_like(points[..., 0])
        world = torch.zeros((*batch, NUM_LANDMARKS, 3), device=device)
        return cls(points, nothing, nothing, world, torch.ones(tuple(batch), device=device))

    def map(self, function: Callable[[Tensor], Tensor]) -> "Landmarks":
        """Apply `function` to each tensor."""
        return Landmarks(
            points=function(self.points),
            visibility=function(self.visibility),
            presence=function(self.presence),
            world=function(self.world),
            score=function(self.score),
        )

    def __getitem__(self, index: Any) -> "Landmarks":
        """Index the batch."""
        return self.map(lambda tensor: tensor[index])

    def to(self, device: torch.device | str) -> "Landmarks":
        return self.map(lambda tensor: tensor.to(device))

    @staticmethod
    def cat(parts: "Sequence[Landmarks]") -> "Landmarks":
        """Concatenate batches along their first axis."""
        return Landmarks(
            points=torch.cat([part.points for part in parts]),
            visibility=torch.cat([part.visibility for part in parts]),
            presence=torch.cat([part.presence for part in parts]),
            world=torch.cat([part.world for part in parts]),
            score=torch.cat([part.score for part in parts]),
        )


@dataclass(frozen=True)
class FrameFeatures:
    """Static features of a batch of crops; `...` is the batch shape.

    Attributes:
        vector: [..., C] global feature f_t; C is the backbone's `vector_size`.
        local_map: [..., M, 64, 64] local feature map m_t over the crop; M is the backbone's `map_channels`.
        landmarks: landmarks from the backbone.
    """

    vector: Tensor
    local_map: Tensor
    landmarks: Landmarks

    def map(self, function: Callable[[Tensor], Tensor]) -> "FrameFeatures":
        """Apply `function` to each tensor, including those of the landmarks."""
        return FrameFeatures(function(self.vector), function(self.local_map), self.landmarks.map(function))

    def __getitem__(self, index: Any) -> "FrameFeatures":
        """Index the batch."""
        return self.map(lambda tensor: tensor[index])

    def to(self, device: torch.device | str) -> "FrameFeatures":
        return self.map(lambda tensor: tensor.to(device))

    @staticmethod
    def cat(parts: "Sequence[FrameFeatures]") -> "FrameFeatures":
        """Concatenate batches along their first axis."""
        return FrameFeatures(
            vector=torch.cat([part.vector for part in parts]),
            local_map=torch.cat([part.local_map for part in parts]),
            landmarks=Landmarks.cat([part.landmarks for part in parts]),
        )
