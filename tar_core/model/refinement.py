"""RRM, the recurrent refinement module: corrects the estimate with features sampled at the projected body."""

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

# BlazePose's landmarks that correspond to a joint of SMPL, and those that correspond to a landmark on the surface.
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
MATCHED_LANDMARKS = [*JOINT_OF_LANDMARK, *SURFACE_OF_LANDMARK]
MATCHED_JOINTS = [JOINT_NAMES.index(name) for name in JOINT_OF_LANDMARK.values()]
MATCHED_SURFACE = [LANDMARK_NAMES.index(name) for name in SURFACE_OF_LANDMARK.values()]
_HIPS = [list(JOINT_OF_LANDMARK.values()).index(name) for name in ("left_hip", "right_hip")]

# Residuals are divided by these and clipped to -4..4, so that a wrong landmark does not dominate.
_RESIDUAL_PIXELS, _RESIDUAL_METERS, _RESIDUAL_LIMIT = 16.0, 0.2, 4.0
RESIDUAL_SIZE = 3 * len(MATCHED_LANDMARKS) + 3 * len(MATCHED_JOINTS)


@dataclass
class PosedBody:
    """The body of an estimate, in the rolled camera (meters) and in the crop (pixels).

    Attributes:
        estimate: the estimate.
        rotations: [B, 24, 3, 3] global orientation and rotations relative to the parent joints.
        translation: [B, 3] SMPL's translation.
        points: joints [B, 24, 3], markers [B, K, 3] and landmarks [B, L, 3] on the body, without the translation.
        joints_2d: [B, 24, 2] crop pixels.
        markers_2d: [B, K, 2] crop pixels.
        landmarks_2d: [B, L, 2] crop pixels.
        joint_errors: [B, 24] expected errors of the joints relative to the pelvis, meters; None if the network does not
            estimate them.
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
    """Compute the body of estimates [B] and project it with the camera of the full image."""
    rotations = rotation_6d_to_matrix(estimate.rotation_6d)
    points = body(rotations, estimate.betas)
    translation = camera.translation(estimate.crop_camera)
    all_points = torch.cat([points.joints, points.markers, points.landmarks], 1) + translation[:, None]
    counts = [points.joints.shape[1], points.markers.shape[1], points.landmarks.shape[1]]
    joints_2d, markers_2d, landmarks_2d = camera.project(all_points).split(counts, 1)
    return PosedBody(estimate, rotations, translation, points, joints_2d, markers_2d, landmarks_2d)


def sample_windows(local_map: Tensor, points: Tensor, radius: int) -> Tensor:
    """Sample windows of (2 r + 1) x (2 r + 1) cells around points, with bilinear interpolation.

    Args:
        local_map: [B, D, 64, 64].
        points: [B, K, 2] crop pixels.
        radius: r.

    Returns:
        [B, K, (2 r + 1)^2 D]; cells outside the map are zero.
    """
    batch, count = points.shape[:2]
    cell = CROP_SIZE / MAP_SIZE
    steps = cell * torch.arange(-radius, radius + 1, device=points.device, dtype=points.dtype)
    offsets = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1).view(1, 1, -1, 2)
    # For grid_sample, -1 and 1 are the outer edges of the map, crop pixels -0.5 and 255.5.
    grid = (points[:, :, None] + offsets + 0.5) * (2 / CROP_SIZE) - 1
    windows = F.grid_sample(local_map, grid.clamp(-2, 2), align_corners=False)
    return windows.permute(0, 2, 3, 1).reshape(batch, count, -1)


def landmark_residuals(body: PosedBody, landmarks: Landmarks) -> Tensor:
    """Differences [B, RESIDUAL_SIZE] between the body and the backbone's landmarks.

    These are the 2D offset and the visibility of each landmark, and the 3D offset of each joint, relative to the middle
    of the hips.
    """
    projected = torch.cat([body.joints_2d[:, MATCHED_JOINTS], body.landmarks_2d[:, MATCHED_SURFACE]], 1)
    offset = (projected - landmarks.points[:, MATCHED_LANDMARKS]) / _RESIDUAL_PIXELS
    joints = body.points.joints[:, MATCHED_JOINTS]
    detected = landmarks.world[:, list(JOINT_OF_LANDMARK)]
    offset_3d = (_from_hips(joints) - _from_hips(detected)) / _RESIDUAL_METERS
    limit = _RESIDUAL_LIMIT
    return torch.cat(
        [
            offset.clamp(-limit, limit).flatten(1),
            landmarks.visibility[:, MATCHED_LANDMARKS],
            offset_3d.clamp(-limit, limit).flatten(1),
        ],
        1,
    )


def _from_hips(joints: Tensor) -> Tensor:
    return joints - joints[:, _HIPS].mean(1, keepdim=True)


class RecurrentRefinement(nn.Module):
    """Corrects an initial estimate Theta_0 = (theta, beta, pi)_0 iteratively (paper, section 3.4; as in ReFit).

        u_k         = project(marker_k(Theta_i), pi_i)           K markers of the current body, crop pixels
        s_k         = features of M_t in a window around u_k     (2 r + 1) x (2 r + 1) cells
        c           = context(s_1..s_K, u_1..u_K, Theta_i, box)  shared by all states
        h_{i+1}     = GRU(h_i; c, Theta_i)                       26 states, each with its own weights
        Theta_{i+1} = Theta_i + Regressor(h_{i+1})

    With `landmark_residuals`, c also includes the differences between the body and the backbone's landmarks.
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
        # Start with zero weights for the markers, so that training can start from a network without maps.
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
        """Refine the initial estimate.

        Args:
            hidden: [B, 26, H] states from the global encoder.
            initial: [B] estimate from the global encoder.
            local_map: [B, D, 64, 64] map from the local encoder; None for no map (the warm-up of training).
            camera: [B] cameras of the crops.
            body: body model with at least K markers.
            landmarks: [B] landmarks of the middle frames; used with `landmark_residuals`.

        Returns:
            The initial body, then the body after each iteration.
        """
        box = camera.box_information()
        current = pose_body(body, initial, camera)
        bodies = [current]
        for _ in range(self.config.iterations):
            # As in RAFT and ReFit, no gradient flows through the sampling positions.
            markers = current.markers_2d[:, : self.config.markers].detach()
            if local_map is None:
                sampled = markers.new_zeros(len(markers), self.config.markers * self.config.marker_width)
            else:
                sampled = self.read_markers(sample_windows(local_map, markers, self.config.marker_radius))
            inputs = [sampled, (markers / CROP_SIZE - 0.5).flatten(1).clamp(-1, 1), current.estimate.to_vector(), box]
            if self.config.landmark_residuals:
                inputs.append(landmark_residuals(current, landmarks).detach())
            hidden = self.gru(self.context(torch.cat(inputs, 1)), current.estimate.per_state(), hidden)
            current = pose_body(body, current.estimate + self.regressors(hidden), camera)
            bodies.append(current)
        if self.joint_errors is not None:
            current.joint_errors = self.joint_errors(hidden, landmark_residuals(current, landmarks))
        return bodies

    def read_markers(self, windows: Tensor) -> Tensor:
        """Map the window of each marker with its own weights: [B, K, window] to [B, K marker_width]."""
        read = torch.bmm(windows.transpose(0, 1), self.marker_weight).transpose(0, 1) + self.marker_bias
        return F.gelu(read).flatten(1)
