"""The graphs of a capture (`graphs.py`) as PyTorch modules, to run and to export.

The arguments and results of each `forward` are the inputs and outputs of its graph, in the same order.
"""

import torch
from torch import Tensor, nn

from tar_core.camera.crop_camera import CropCamera
from tar_core.model.face_network import FaceLandmarkNetwork
from tar_core.model.features import FrameFeatures, Landmarks
from tar_core.model.hand_network import HandLandmarkNetwork
from tar_core.model.local_encoder import LocalFrames
from tar_core.model.movenet import MoveNet
from tar_core.model.person_detector import SSDPersonDetector
from tar_core.model.refinement import PosedBody
from tar_core.model.tar import TAR, EncodedFrames
from tar_core.rotations import matrix_to_axis_angle
from tar_core.skeleton import NUM_JOINTS

BODY_LANDMARKS = slice(11, 33)  # the shoulders and everything below


class BackboneGraph(nn.Module):
    """Features of crops."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        features = self.network(crops.permute(0, 3, 1, 2) / 255)
        marks = features.landmarks
        return (
            *(features.vector, features.local_map),
            *(marks.points, marks.visibility, marks.presence, marks.world, marks.score),
        )


class FeaturesGraph(nn.Module):
    """Features of crops from a backbone without landmarks."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        features = self.network(crops.permute(0, 3, 1, 2) / 255)
        return features.vector, features.local_map


class DetectorGraph(nn.Module):
    """People in images: decoded boxes and scores of all anchors."""

    def __init__(self, network: SSDPersonDetector) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        codes, logits = self.network(images.permute(0, 3, 1, 2) / 127.5 - 1)
        return self.network.decode(codes), logits.sigmoid()


class KeypointsGraph(nn.Module):
    """Keypoints in crops."""

    def __init__(self, network: MoveNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        found = self.network(crops.permute(0, 3, 1, 2) / 255)
        return found.points, found.scores


class HandsGraph(nn.Module):
    """Landmarks of hands in crops."""

    def __init__(self, network: HandLandmarkNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network(crops.permute(0, 3, 1, 2) / 255))


class FacesGraph(nn.Module):
    """Landmarks of faces in crops."""

    def __init__(self, network: FaceLandmarkNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network(crops.permute(0, 3, 1, 2) / 255))


class EncodeGraph(nn.Module):
    """The part of TAR that depends on single frames."""

    def __init__(self, network: TAR) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, vector: Tensor, local_map: Tensor, focal_length: Tensor, center: Tensor, size: Tensor
    ) -> tuple[Tensor, ...]:
        features = FrameFeatures(vector, local_map, Landmarks.unknown(()).to(vector.device))  # not needed here
        camera = CropCamera(focal_length, center, size, roll=torch.zeros_like(size))
        frames = self.network.encode_frames(features, camera)
        none = vector[:, :0]
        local = frames.local or LocalFrames(none, none, none, none, None)
        return frames.embedded, local.past, local.future, local.past_first, local.future_first


class DecodeGraph(nn.Module):
    """TAR on the windows around some frames, with the bodies converted to the camera frame.

    The frames are those of one track (DECODE), or of several tracks with their ends (DECODE_TRACKS).
    """

    def __init__(self, network: TAR) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        embedded: Tensor,
        past: Tensor,
        future: Tensor,
        past_first: Tensor,
        future_first: Tensor,
        local_map: Tensor,
        points: Tensor,
        visibility: Tensor,
        world: Tensor,
        score: Tensor,
        focal_length: Tensor,
        center: Tensor,
        size: Tensor,
        roll: Tensor,
        middles: Tensor,
        stride: Tensor,
        first: Tensor | None = None,
        last: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        has_maps = self.network.config.use_refinement and local_map.shape[1] > 0
        local = LocalFrames(past, future, past_first, future_first, local_map) if has_maps else None
        landmarks = Landmarks(points, visibility, visibility, world, score)
        camera = CropCamera(focal_length, center, size, roll)
        if first is None or last is None:  # one track
            first = torch.zeros_like(middles)
            last = first + (embedded.shape[0] - 1)
        frames = EncodedFrames(embedded, local, landmarks, camera)
        bodies = self.network.decode_windows(frames, middles, first, last, stride)
        confidence = score[middles] * visibility[middles][:, BODY_LANDMARKS].mean(1)
        return results_in_camera(bodies[-1], camera[middles], confidence)


def results_in_camera(body: PosedBody, camera: CropCamera, confidence: Tensor) -> tuple[Tensor, ...]:
    """Convert bodies [B] in the rolled cameras to the fields of FrameResult, in the camera frame."""
    orient = camera.unroll_rotation(body.rotations[:, 0])
    rotations = torch.cat([orient[:, None], body.rotations[:, 1:]], 1)
    # Points rotate about the camera's center, but SMPL rotates the body about its pelvis, which is not at the body's
    # origin. The translation accounts for the difference.
    pelvis = body.points.joints[:, 0]
    trans = camera.unroll_camera(pelvis + body.translation) - pelvis
    poses = matrix_to_axis_angle(rotations).flatten(1)
    errors = torch.zeros_like(poses[:, :NUM_JOINTS]) if body.joint_errors is None else body.joint_errors
    return poses, body.estimate.betas, trans, confidence, errors
