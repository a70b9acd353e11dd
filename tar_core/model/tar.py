"""TAR, the Temporal-Aware Refining network (arXiv 2311.09543), without its backbone.

In the paper's notation, for a window of T frames around the frame t:

    backbone   I_t                      ->  global vector f_t, local map m_t (static features)
    GTE        f_{t-4}, ..., f_{t+4}    ->  26 hidden states h_0, initial theta_0, beta_0 and camera pi_0
    LTE        m_{t-2}, ..., m_{t+2}    ->  temporal local map M_t
    RRM        h_0, M_t, (theta, beta, pi)_0  ->  (theta, beta, pi)_1, ..., (theta, beta, pi)_5

GTE is the global transformer encoder (`global_encoder.py`), LTE the local temporal encoder (`local_encoder.py`), and
RRM the recurrent refinement module (`refinement.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tar_core.body.model import BodyModel
from tar_core.camera.crop_camera import CropCamera
from tar_core.model.backbones.blazepose import hide_inputs
from tar_core.model.config import TARConfig
from tar_core.model.features import FrameFeatures, Landmarks
from tar_core.model.global_encoder import GlobalTransformerEncoder
from tar_core.model.landmark_fit import fit_landmarks
from tar_core.model.local_encoder import LocalFrames, LocalTemporalEncoder, StaticLocalEncoder
from tar_core.model.refinement import PosedBody, RecurrentRefinement, pose_body


class TAR(nn.Module):
    """Estimates the body in the middle frame of each window from the static features of the window's frames.

    `forward` processes whole windows, as in the paper. `encode_frames` and `decode_windows` give the same results for
    overlapping windows, but process each frame only once.

    Args:
        config: sizes and switches.
        body: body model with at least `config.markers` markers.
    """

    def __init__(self, config: TARConfig, body: BodyModel) -> None:
        super().__init__()
        self.config = config
        self.body = body
        self.global_encoder = GlobalTransformerEncoder(config)
        if config.use_refinement:
            self.local_encoder = LocalTemporalEncoder(config) if config.use_local else StaticLocalEncoder(config)
            self.refinement = RecurrentRefinement(config)

    def forward(self, features: FrameFeatures, camera: CropCamera) -> list[PosedBody]:
        """Estimate the bodies in the middle frames of B windows.

        Args:
            features: batch shape [B, T], of T consecutive frames; with far frames, of the frames `config.offsets`.
            camera: [B, T], of the frames' crops.

        Returns:
            Bodies [B] in the rolled cameras: the initial estimate, then the result of each iteration.
        """
        middle = len(self.config.offsets) // 2
        features = hide_inputs(features, self.config.hidden_inputs)

        hidden, initial = self.global_encoder(features.vector, camera.box_information())  # GTE
        if not self.config.use_refinement:
            return [pose_body(self.body, initial, camera[:, middle])]

        radius = self.config.local_length // 2
        maps = features.local_map[:, middle - radius : middle + radius + 1]  # [B, L, C, 64, 64]
        local_map = self.local_encoder(maps) if maps.shape[2] > 0 else None  # LTE

        window = slice(middle - self.config.window // 2, middle + self.config.window // 2 + 1)
        landmarks = self._middle_landmarks(features.landmarks[:, window], camera[:, window])
        return self.refinement(hidden, initial, local_map, camera[:, middle], self.body, landmarks)  # RRM

    def encode_frames(self, features: FrameFeatures, camera: CropCamera) -> "EncodedFrames":
        """Compute the part of the network that depends on single frames, to be shared by the windows.

        Args:
            features: [N] frames. Without maps ([N, 0, 64, 64]), the refinement uses its other inputs only.
            camera: [N], of the frames' crops.
        """
        features = hide_inputs(features, self.config.hidden_inputs)
        embedded = self.global_encoder.embed_frames(features.vector, camera.box_information())
        has_maps = self.config.use_refinement and features.local_map.shape[1] > 0
        local = self.local_encoder.encode_frames(features.local_map) if has_maps else None
        return EncodedFrames(embedded, local, features.landmarks, camera)

    def decode_windows(
        self, frames: "EncodedFrames", middles: Tensor, first: Tensor, last: Tensor, stride: int | Tensor = 1
    ) -> list[PosedBody]:
        """Estimate the bodies in the frames `middles`; equals `forward` on the windows around them.

        Beyond the ends of a track, its first or last frame is repeated.

        Args:
            frames: N encoded frames of one track, or of several tracks one after the other.
            middles: [W] index of each window's middle frame.
            first, last: [W] indices of the first and last frame of the track that the middle frame is in.
            stride: distance between consecutive frames of a window.

        Returns:
            Bodies [W] in the rolled cameras: the initial estimate, then the result of each iteration.
        """

        def window(offsets: Sequence[int]) -> Tensor:
            """Frame indices [W, len(offsets)], clamped to the track of the middle frame."""
            index = middles[:, None] + stride * torch.tensor(offsets, device=middles.device)
            return torch.minimum(torch.maximum(index, first[:, None]), last[:, None])

        camera = frames.camera[middles]
        embedded = frames.embedded[window(self.config.offsets)]
        hidden, initial = self.global_encoder.encode_windows(embedded, camera.box_information())  # GTE
        if not self.config.use_refinement:
            return [pose_body(self.body, initial, camera)]

        index = window(_around(self.config.local_length))
        local_map = None if frames.local is None else self.local_encoder.encode_windows(frames.local, index)  # LTE

        index = window(_around(self.config.window))
        landmarks = self._middle_landmarks(frames.landmarks[index], frames.camera[index])
        return self.refinement(hidden, initial, local_map, camera, self.body, landmarks)  # RRM

    def _middle_landmarks(self, landmarks: Landmarks, camera: CropCamera) -> Landmarks:
        """Landmarks [B] for the refinement, from those of consecutive frames [B, T]."""
        if self.config.steady_landmarks:
            return fit_landmarks(landmarks, camera)
        return landmarks[:, self.config.window // 2]


@dataclass(frozen=True)
class EncodedFrames:
    """Result of `TAR.encode_frames`; batch shape [N].

    Attributes:
        embedded: [N, width] embedded global vectors (GTE).
        local: encoded local maps (LTE); None without refinement or maps.
        landmarks: landmarks from the backbone.
        camera: cameras of the crops.
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
        """Concatenate consecutive parts of a track."""
        local_parts = [part.local for part in parts if part.local is not None]
        return EncodedFrames(
            torch.cat([part.embedded for part in parts]),
            LocalFrames.cat(local_parts) if local_parts else None,
            Landmarks.cat([part.landmarks for part in parts]),
            CropCamera.cat([part.camera for part in parts]),
        )


def _around(length: int) -> range:
    """Offsets of `length` consecutive frames from the middle one."""
    return range(-(length // 2), length // 2 + 1)
