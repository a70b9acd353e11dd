"""TAR, the Temporal-Aware Refining network (arXiv 2311.09543), behind its backbone."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tar_core.body.model import BodyModel
from tar_core.camera.crop_camera import CropCamera
from tar_core.model.backbones.blazepose import hide_inputs
from tar_core.model.config import TARConfig
from tar_core.model.features import FrameFeatures, Landmarks
from tar_core.model.global_encoder import GlobalTemporalEncoder
from tar_core.model.landmark_fit import steady_landmarks
from tar_core.model.local_encoder import LocalFrames, LocalTemporalEncoder, StaticLocalEncoder
from tar_core.model.refinement import PosedBody, RecurrentRefinement, pose_body


class TAR(nn.Module):
    """Windows of per-frame features -> the body of each window's middle frame.

    Args:
        config: sizes and switches.
        body: gives the markers that the refinement looks at; at least `config.markers` of them.
    """

    def __init__(self, config: TARConfig, body: BodyModel) -> None:
        super().__init__()
        self.config = config
        self.body = body
        self.global_encoder = GlobalTemporalEncoder(config)
        if config.use_refinement:
            self.local_encoder = LocalTemporalEncoder(config) if config.use_local else StaticLocalEncoder(config)
            self.refinement = RecurrentRefinement(config)

    def forward(self, features: FrameFeatures, camera: CropCamera) -> list[PosedBody]:
        """One window each, as the paper writes it.

        Args:
            features: of T consecutive frames, batch shape [B, T]; with far frames, of `config.offsets`.
            camera: of their crops, [B, T].

        Returns:
            The middle frames' bodies [B], in the rolled cameras: the initial one, then one per iteration.
        """
        features = hide_inputs(features, self.config.hidden_inputs)
        middle, radius = len(self.config.offsets) // 2, self.config.local_length // 2
        near = slice(middle - self.config.window // 2, middle + self.config.window // 2 + 1)
        hidden, initial = self.global_encoder(features.vector, camera.box_information())
        if not self.config.use_refinement:
            return [pose_body(self.body, initial, camera[:, middle])]
        near_maps = features.local_map[:, middle - radius : middle + radius + 1]
        local_map = self.local_encoder(near_maps) if near_maps.shape[2] > 0 else None
        landmarks = self._landmarks(features.landmarks[:, near], camera[:, near])
        return self.refinement(hidden, initial, local_map, camera[:, middle], self.body, landmarks)

    def encode_frames(self, features: FrameFeatures, camera: CropCamera) -> "EncodedFrames":
        """What the windows that hold these frames share, computed once: batch shape [N].

        Features without maps ([N, 0, 64, 64]) are taken too: the refinement then goes by what else it has.
        """
        features = hide_inputs(features, self.config.hidden_inputs)
        has_maps = self.config.use_refinement and features.local_map.shape[1] > 0
        local = self.local_encoder.frames(features.local_map) if has_maps else None
        embedded = self.global_encoder.embed_frames(features.vector, camera.box_information())
        return EncodedFrames(embedded, local, features.landmarks, camera)

    def decode_windows(
        self, frames: "EncodedFrames", middles: Tensor, first: Tensor, last: Tensor, stride: int = 1
    ) -> list[PosedBody]:
        """Equals `forward` on the windows around `middles`; frames beyond a track's ends repeat its edge frame.

        Args:
            frames: N encoded frames, one or several tracks end to end.
            middles: [W] index of each window's middle frame.
            first, last: [W] index of the first and last frame of the middle frame's track.
            stride: frames from one of a window's frames to its next.
        """

        def window(offsets: Sequence[int]) -> Tensor:
            """[W, len(offsets)] frame numbers, held within each middle's track."""
            index = middles[:, None] + stride * torch.tensor(offsets, device=middles.device)
            return torch.minimum(torch.maximum(index, first[:, None]), last[:, None])

        camera = frames.camera[middles]
        embedded = frames.embedded[window(self.config.offsets)]
        hidden, initial = self.global_encoder.from_embedded(embedded, camera.box_information())
        if not self.config.use_refinement:
            return [pose_body(self.body, initial, camera)]
        local_index = window(_around(self.config.local_length))
        local_map = None if frames.local is None else self.local_encoder.windows(frames.local, local_index)
        index = window(_around(self.config.window))
        landmarks = self._landmarks(frames.landmarks[index], frames.camera[index])
        return self.refinement(hidden, initial, local_map, camera, self.body, landmarks)

    def _landmarks(self, landmarks: Landmarks, camera: CropCamera) -> Landmarks:
        """What the refinement sees of windows' landmarks [B, T]."""
        if self.config.steady_landmarks:
            return steady_landmarks(landmarks, camera)
        return landmarks[:, self.config.window // 2]


@dataclass(frozen=True)
class EncodedFrames:
    """Frames of a track after the per-frame part of the network (`TAR.encode_frames`); batch shape [N].

    Attributes:
        embedded: [N, width] global vectors.
        local: the local encoder's share, or None without refinement or maps.
        landmarks: the backbone's own.
        camera: of the frames' crops.
    """

    embedded: Tensor
    local: LocalFrames | None
    landmarks: Landmarks
    camera: CropCamera

    def __len__(self) -> int:
        return len(self.embedded)

    def __getitem__(self, index: slice) -> "EncodedFrames":
        local = None if self.local is None else self.local[index]
        return EncodedFrames(self.embedded[index], local, self.landmarks[index], self.camera[index])

    @staticmethod
    def cat(parts: "Sequence[EncodedFrames]") -> "EncodedFrames":
        """Joins stretches of frames in their order."""
        local_parts = [part.local for part in parts if part.local is not None]
        return EncodedFrames(
            torch.cat([part.embedded for part in parts]),
            LocalFrames.cat(local_parts) if local_parts else None,
            Landmarks.cat([part.landmarks for part in parts]),
            CropCamera.cat([part.camera for part in parts]),
        )


def _around(length: int) -> range:
    """Offsets of consecutive frames around a middle one."""
    return range(-(length // 2), length // 2 + 1)
