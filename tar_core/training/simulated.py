"""Simulated landmarks: backbone outputs for people who were not rendered.

Rendering a clip takes a second, projecting its landmarks a thousandth of that. So new scenes are only projected, and
the backbone's errors are copied from a rendered clip with a similar pose, the donor. The errors of a donor's nine
frames are copied together, so that their correlations over time and over the body are kept. Longer clips blend several
donors.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tar_core.body.data import LANDMARK_NAMES, load_body
from tar_core.body.model import BodyModel
from tar_core.camera.crop import CROP_CENTER, CROP_SIZE
from tar_core.camera.crop_camera import CropCamera
from tar_core.datasets.features import ClipBatch, FeatureClips
from tar_core.errors import TarError
from tar_core.model.config import MAP_SIZE, TARConfig
from tar_core.model.features import (
    CONFIDENCES,
    DEPTHS,
    NUM_LANDMARKS,
    POINTS,
    POOLED,
    VECTOR_SIZE,
    WORLD,
    FrameFeatures,
    Landmarks,
)
from tar_core.model.refinement import JOINT_OF_LANDMARK, SURFACE_OF_LANDMARK
from tar_core.rotations import axis_angle_to_matrix, rotation_z
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS
from tar_core.synthetic.motions import Motion
from tar_core.synthetic.scene import Scene, sample_scene
from tar_core.synthetic.splits import load_split

NEIGHBORS = 8  # number of most similar donors to draw from
ERROR_SCALE = (0.3, 1.0)  # range of the factor on the errors; real people have smaller errors than rendered ones
# Landmarks without a point on the body use the nearest landmark with one.
_NEAREST_SURFACE = {1: "leye", 2: "leye", 3: "leye", 4: "reye", 5: "reye", 6: "reye", 9: "nose", 10: "nose"}
_NEAREST_SURFACE |= {21: "lthumb", 22: "rthumb"}
_MIDDLE_OF_HIPS = NUM_JOINTS + len(LANDMARK_NAMES)
_HIPS = [JOINT_NAMES.index("left_hip"), JOINT_NAMES.index("right_hip")]


def _points_of_landmarks() -> list[int]:
    """[39] for each landmark, the index of its point among joints, surface landmarks and the midpoint of the hips."""
    points = [_MIDDLE_OF_HIPS] * NUM_LANDMARKS
    for landmark, joint in JOINT_OF_LANDMARK.items():
        points[landmark] = JOINT_NAMES.index(joint)
    for landmark, name in (SURFACE_OF_LANDMARK | _NEAREST_SURFACE).items():
        points[landmark] = NUM_JOINTS + LANDMARK_NAMES.index(name)
    return points


class LandmarkSimulator:
    """Generates batches of clips with landmarks, without pooled features and local maps.

    Args:
        motions: the recordings to draw from.
        donors: rendered clips, from which the errors are copied. Stills are not used, because their errors do not
            change over time.
        body: the body model of the donors.
        length: frames in a clip, if more than in a donor.

    Raises:
        TarError: all donors are stills.
    """

    @torch.no_grad()
    def __init__(self, motions: list[Motion], donors: FeatureClips, body: BodyModel, length: int = 0) -> None:
        self.motions, self.donors, self.body = motions, donors, body
        self.length = max(length, donors.clip_length)
        self._points = _points_of_landmarks()
        errors, confidences, limb_positions = [], [], []
        moving = [clip for clip in range(len(donors)) if donors.is_moving(clip)]
        if not moving:
            raise TarError("simulated landmarks need rendered clips, but there are only stills; add some clips")
        for start in range(0, len(moving), 64):
            batch = donors.batch(moving[start : start + 64], maps=False)
            exact, limbs = self._exact(batch.poses, batch.betas, batch.trans, batch.camera)
            per_clip = (-1, donors.clip_length)
            errors.append((batch.features.vector - exact)[:, POOLED.stop :].unflatten(0, per_clip))
            confidences.append(batch.features.vector[:, CONFIDENCES].unflatten(0, per_clip))
            limb_positions.append(limbs.unflatten(0, per_clip)[:, donors.clip_length // 2])
        self._errors, self._confidences = torch.cat(errors), torch.cat(confidences)
        self._limbs = torch.cat(limb_positions)

    @torch.no_grad()
    def batch(self, count: int, random: np.random.Generator) -> ClipBatch:
        """Generate `count` clips, which depend only on the state of the random generator."""
        scenes = [sample_scene(random, self.motions, self._pose, self.length) for _ in range(count)]
        poses = _tensor([scene.camera_poses() for scene in scenes]).flatten(0, 1)
        betas = _tensor([scene.betas for scene in scenes]).repeat_interleave(self.length, 0)
        rest = self.body.rest_joints[0] + betas @ self.body.rest_joint_directions[0].T  # the pelvis at rest
        trans = _tensor([scene.camera_joints()[:, 0] for scene in scenes]).flatten(0, 1) - rest
        camera = CropCamera.cat([camera for scene in scenes for camera in _crop_cameras(scene)]).to("cpu")

        vector, limbs = self._exact(poses, betas, trans, camera)
        frames, weights = donor_schedule(self.length, self.donors.clip_length)
        middles = weights.argmax(1)
        limbs = limbs.view(count, self.length, -1)[:, middles]
        neighbors = min(NEIGHBORS, len(self._limbs))
        nearest = torch.cdist(limbs, self._limbs).topk(neighbors, largest=False).indices
        choice = torch.from_numpy(random.integers(0, neighbors, (count, len(middles), 1)))
        selected = nearest.gather(2, choice)  # [count, donors of a clip, 1]
        vector[:, POOLED] = self.donors.pooled_mean
        scale = torch.from_numpy(random.uniform(*ERROR_SCALE, (count, 1, 1))).float()
        errors = (self._errors[selected, frames] * weights[..., None]).sum(1)
        vector[:, POOLED.stop :] += (scale * errors).flatten(0, 1)
        vector[:, CONFIDENCES] = (self._confidences[selected, frames] * weights[..., None]).sum(1).flatten(0, 1)
        features = FrameFeatures(vector, vector.new_zeros(len(vector), 0, MAP_SIZE, MAP_SIZE), _landmarks(vector))
        return ClipBatch(features, camera, poses, betas, trans)

    def _pose(self, poses: np.ndarray, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = self.body(axis_angle_to_matrix(_tensor(poses)), _tensor(betas).expand(len(poses), -1))
        return points.joints.numpy().astype(np.float64), points.landmarks.numpy().astype(np.float64)

    def _exact(self, poses: Tensor, betas: Tensor, trans: Tensor, camera: CropCamera) -> tuple[Tensor, Tensor]:
        """Compute the output of a backbone without errors.

        Returns:
            Vectors [N, 1944] without pooled features and confidences, and the positions of the limbs' joints [N, 36]
            relative to the midpoint of the hips in the axes of the crop, meters.
        """
        points = self.body(axis_angle_to_matrix(poses), betas)
        placed = torch.cat([points.joints, points.landmarks], 1) + trans[:, None]
        placed = (rotation_z(-camera.roll)[:, None] @ placed[..., None])[..., 0]
        hips = placed[:, _HIPS].mean(1, keepdim=True)
        placed = torch.cat([placed, hips], 1)[:, self._points]
        from_hips = placed - hips
        half = CROP_SIZE / 2
        pixels_per_meter = camera.focal_length / hips[:, 0, 2] * CROP_SIZE / camera.size
        vector = torch.zeros(len(poses), VECTOR_SIZE)
        vector[:, POINTS] = ((camera.project(placed) - CROP_CENTER) / half).flatten(1)
        vector[:, DEPTHS] = from_hips[..., 2] * pixels_per_meter[:, None] / half
        vector[:, WORLD] = 2 * from_hips.flatten(1)
        return vector, from_hips[:, list(JOINT_OF_LANDMARK)].flatten(1)


def load_simulator(
    motions: Sequence[Path], donors: FeatureClips, network: TARConfig, targets_per_clip: int
) -> LandmarkSimulator:
    """Make a simulator from the recordings of the training split.

    Its clips are long enough for the network's windows around `targets_per_clip` consecutive frames.

    Args:
        motions: files, folders or tar archives of recordings.
        donors: see `LandmarkSimulator`.

    Raises:
        TarError: the recordings are not usable, or all donors are stills.
    """
    body = BodyModel(load_body())
    recordings = load_split(motions, body.rest_joints.double().numpy(), "train")
    return LandmarkSimulator(recordings, donors, body, 2 * max(network.offsets) + targets_per_clip)


def donor_schedule(length: int, donor_length: int) -> tuple[Tensor, Tensor]:
    """Blend D donors over a clip: each is played forward and backward around a middle frame and fades out at the middle
    frames of its neighbors.

    Args:
        length: T, frames in the clip.
        donor_length: frames in each donor, odd.

    Returns:
        frames: [D, T] the frame of each donor that is used in each frame of the clip.
        weights: [D, T] the donor's share, with the sum 1 over the donors.
    """
    spacing = donor_length - 1
    middles = spacing // 2 + spacing * torch.arange((length - 1 - spacing // 2) // spacing + 1)
    from_middle = torch.arange(length) - middles[:, None]
    ping_pong = (from_middle + spacing // 2) % (2 * spacing)
    weights = (1 - from_middle.abs() / spacing).clamp_min(0)
    return torch.minimum(ping_pong, 2 * spacing - ping_pong), weights / weights.sum(0)


def _landmarks(vector: Tensor) -> Landmarks:
    """Extract the landmarks from a backbone's vectors [N, 1944]."""
    visibility, presence = vector[:, CONFIDENCES].unflatten(1, (NUM_LANDMARKS, 2)).unbind(-1)
    return Landmarks(
        points=vector[:, POINTS].unflatten(1, (NUM_LANDMARKS, 2)) * (CROP_SIZE / 2) + CROP_CENTER,
        visibility=visibility,
        presence=presence,
        world=vector[:, WORLD].unflatten(1, (NUM_LANDMARKS, 3)) / 2,
        score=torch.ones(len(vector)),
    )


def _crop_cameras(scene: Scene) -> list[CropCamera]:
    camera = scene.camera
    return [CropCamera.from_crop(crop, camera.focal_length, camera.principal_point.tolist()) for crop in scene.crops]


def _tensor(values: object) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))
