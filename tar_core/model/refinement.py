"""RRM, the recurrent refinement: read the local map at the projected body, let 26 GRUs correct it, repeat."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tar_core.body.data import LANDMARK_NAMES
from tar_core.body.model import BodyModel, BodyPoints
from tar_core.camera.crop import CROP_SIZE
from tar_core.camera.crop_camera import CropCamera
from tar_core.model.config import MAP_SIZE, TARConfig
from tar_core.model.features import Landmarks
from tar_core.model.global_encoder import BOX_SIZE
from tar_core.model.joint_errors import JointErrors
from tar_core.model.precision import full_precision
from tar_core.model.states import Estimate, StateGRU, StateRegressors
from tar_core.rotations import rotation_6d_to_matrix
from tar_core.skeleton import JOINT_NAMES

# What BlazePose's landmarks correspond to on the body: SMPL joints first, then the body's surface landmarks.
JOINT_OF_LANDMARK = {
    11: "left_shoulder",
    12: "right_shoulder",
    13: "left_elbow",
    14: "right_elbow",
    15: "left_wrist",
    16: "right_wrist",
    23: "left_hip",
    24: "right_hip",
    25: "left_knee",
    26: "right_knee",
    27: "left_ankle",
    28: "right_ankle",
}
SURFACE_OF_LANDMARK = {
    0: "nose",
    7: "lear",
    8: "rear",
    17: "lpinky",
    18: "rpinky",
    19: "lindex",
    20: "rindex",
    29: "LHeel",
    30: "RHeel",
    31: "LBigToe",
    32: "RBigToe",
}
_LANDMARKS = [*JOINT_OF_LANDMARK, *SURFACE_OF_LANDMARK]
_JOINTS = [JOINT_NAMES.index(name) for name in JOINT_OF_LANDMARK.values()]
_SURFACE = [LANDMARK_NAMES.index(name) for name in SURFACE_OF_LANDMARK.values()]
_HIPS = [list(JOINT_OF_LANDMARK.values()).index(name) for name in ("left_hip", "right_hip")]

# Residuals are divided by these and clipped to +-4, so that a lost landmark doesn't shout.
_RESIDUAL_PIXELS, _RESIDUAL_METERS, _RESIDUAL_LIMIT = 16.0, 0.2, 4.0
RESIDUAL_SIZE = 3 * len(_LANDMARKS) + 3 * len(_JOINTS)


@dataclass
class PosedBody:
    """An estimate put on the body, in the rolled camera (meters) and in the crop (pixels).

    Attributes:
        estimate: what it was made of.
        rotations: [B, 24, 3, 3].
        translation: [B, 3] SMPL's translation.
        points: joints [B, 24, 3], markers [B, K, 3] and landmarks [B, L, 3] on the body, without the translation.
        joints_2d: [B, 24, 2]; markers_2d: [B, K, 2]; landmarks_2d: [B, L, 2]: crop pixels.
        joint_errors: [B, 24] how far the joints may lie off from the pelvis, meters; None if the network doesn't tell.
    """

    estimate: Estimate
    rotations: Tensor
    translation: Tensor
    points: BodyPoints
    joints_2d: Tensor
    markers_2d: Tensor
    landmarks_2d: Tensor
    joint_errors: Tensor | None = None


@full_precision
def pose_body(body: BodyModel, estimate: Estimate, camera: CropCamera) -> PosedBody:
    """Puts an estimate [B] on the body and projects it with the full-image camera."""
    rotations = rotation_6d_to_matrix(estimate.rotation_6d)
    points = body(rotations, estimate.betas)
    translation = camera.translation(estimate.crop_camera)
    everything = torch.cat([points.joints, points.markers, points.landmarks], 1) + translation[:, None]
    counts = [points.joints.shape[1], points.markers.shape[1], points.landmarks.shape[1]]
    joints_2d, markers_2d, landmarks_2d = camera.project(everything).split(counts, 1)
    return PosedBody(estimate, rotations, translation, points, joints_2d, markers_2d, landmarks_2d)


def sample_windows(local_map: Tensor, points: Tensor, radius: int) -> Tensor:
    """Bilinear (2 r + 1)^2 windows of cells around crop pixels.

    Args:
        local_map: [B, D, 64, 64].
        points: [B, K, 2] crop pixels.

    Returns:
        [B, K, (2 r + 1)^2 D]; cells outside the map are zero.
    """
    batch, count = points.shape[:2]
    cell = CROP_SIZE / MAP_SIZE
    steps = cell * torch.arange(-radius, radius + 1, device=points.device, dtype=points.dtype)
    offsets = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1).view(1, 1, -1, 2)
    # grid_sample's -1..1 runs over the map's outer edges, crop pixels -0.5..255.5.
    grid = (points[:, :, None] + offsets + 0.5) * (2 / CROP_SIZE) - 1
    windows = F.grid_sample(local_map, grid.clamp(-2, 2), align_corners=False)
    return windows.permute(0, 2, 3, 1).reshape(batch, count, -1)


def landmark_residuals(body: PosedBody, landmarks: Landmarks) -> Tensor:
    """How far the projected body lies from the backbone's landmarks: [B, RESIDUAL_SIZE].

    Per landmark the 2D offset and the landmark's visibility; per joint the offset from the backbone's own 3D, both
    taken relative to the middle of the hips.
    """
    projected = torch.cat([body.joints_2d[:, _JOINTS], body.landmarks_2d[:, _SURFACE]], 1)
    offset = (projected - landmarks.points[:, _LANDMARKS]) / _RESIDUAL_PIXELS
    joints = body.points.joints[:, _JOINTS]
    seen = landmarks.world[:, list(JOINT_OF_LANDMARK)]
    depth = (_from_hips(joints) - _from_hips(seen)) / _RESIDUAL_METERS
    limit = _RESIDUAL_LIMIT
    return torch.cat(
        [
            offset.clamp(-limit, limit).flatten(1),
            landmarks.visibility[:, _LANDMARKS],
            depth.clamp(-limit, limit).flatten(1),
        ],
        1,
    )


def _from_hips(joints: Tensor) -> Tensor:
    return joints - joints[:, _HIPS].mean(1, keepdim=True)


class RecurrentRefinement(nn.Module):
    """Corrects an initial estimate in a few steps (paper, section 3.4; after ReFit).

    Each step projects K markers of the current body into the crop, reads windows of the local map there, and gives
    them with the current estimate and the box vector to 26 GRUs, whose regressors write the update.
    """

    def __init__(self, config: TARConfig) -> None:
        super().__init__()
        self.config = config
        window = (2 * config.marker_radius + 1) ** 2 * config.local_channels
        self.marker_weight = nn.Parameter(torch.randn(config.markers, window, config.marker_width) / window**0.5)
        self.marker_bias = nn.Parameter(torch.zeros(config.markers, config.marker_width))
        inputs = config.markers * (config.marker_width + 2) + Estimate.SIZE + BOX_SIZE
        inputs += RESIDUAL_SIZE if config.landmark_residuals else 0
        to_context = nn.Linear(inputs, config.context_width)
        # The markers' columns start at zero, so that a network trained without maps first goes on smoothly.
        nn.init.zeros_(to_context.weight[:, : config.markers * config.marker_width])
        self.context = nn.Sequential(to_context, nn.LayerNorm(config.context_width), nn.GELU())
        self.gru = StateGRU(config.context_width, 10, config.hidden)
        self.regressors = StateRegressors(config.hidden)
        self.joint_errors = (
            JointErrors(config.hidden, RESIDUAL_SIZE, config.joint_error_calibration) if config.joint_errors else None
        )

    def forward(
        self,
        hidden: Tensor,
        initial: Estimate,
        local_map: Tensor | None,
        camera: CropCamera,
        body: BodyModel,
        landmarks: Landmarks,
    ) -> list[PosedBody]:
        """The initial body and the one after each iteration.

        Args:
            hidden: [B, 26, H] states from the global encoder.
            initial: its estimate.
            local_map: [B, D, 64, 64] from the local encoder; None reads nothing (the warm-up of training).
            camera: of the crops, [B].
            body: returns at least K markers.
            landmarks: of the middle frames, [B]; used with `landmark_residuals`.
        """
        box = camera.box_information()
        current = pose_body(body, initial, camera)
        bodies = [current]
        for _ in range(self.config.iterations):
            # Where to look is not a way to lower the loss: as in RAFT and ReFit, no gradient flows through it.
            markers = current.markers_2d[:, : self.config.markers].detach()
            if local_map is None:
                seen = markers.new_zeros(len(markers), self.config.markers * self.config.marker_width)
            else:
                seen = self.read_markers(sample_windows(local_map, markers, self.config.marker_radius))
            inputs = [seen, (markers / CROP_SIZE - 0.5).flatten(1).clamp(-1, 1), current.estimate.flat(), box]
            if self.config.landmark_residuals:
                inputs.append(landmark_residuals(current, landmarks).detach())
            hidden = self.gru(self.context(torch.cat(inputs, 1)), current.estimate.per_state(), hidden)
            current = pose_body(body, current.estimate + self.regressors(hidden), camera)
            bodies.append(current)
        if self.joint_errors is not None:
            current.joint_errors = self.joint_errors(hidden, landmark_residuals(current, landmarks))
        return bodies

    def read_markers(self, windows: Tensor) -> Tensor:
        """Each marker's window through weights of its own: [B, K, window] -> [B, K marker_width]."""
        read = torch.bmm(windows.transpose(0, 1), self.marker_weight).transpose(0, 1) + self.marker_bias
        return F.gelu(read).flatten(1)
