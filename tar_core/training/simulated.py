"""Simulated landmarks: what the backbone would say about people who were never rendered.

A rendered clip costs a second, its landmarks a thousandth of that. So new people move before new cameras without a
picture: their points are projected exactly, and the backbone's errors are taken over from a rendered clip, the donor,
in which somebody stood much the same. The errors of a donor's nine frames stay together, over time and over the body;
in longer clips one donor gives over to the next.
"""

import numpy as np
import torch
from torch import Tensor

from tar_core.body.data import LANDMARK_NAMES
from tar_core.body.model import BodyModel
from tar_core.camera.crop import CROP_CENTER, CROP_SIZE
from tar_core.camera.crop_camera import CropCamera
from tar_core.datasets.features import ClipBatch, FeatureClips
from tar_core.errors import TarError
from tar_core.model.backbones.blazepose import CONFIDENCES, DEPTHS, POINTS, POOLED, VECTOR_SIZE, WORLD
from tar_core.model.config import MAP_SIZE
from tar_core.model.features import NUM_LANDMARKS, FrameFeatures, Landmarks
from tar_core.model.refinement import JOINT_OF_LANDMARK, SURFACE_OF_LANDMARK
from tar_core.rotations import axis_angle_to_matrix, rotation_z
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS
from tar_core.synthetic.motions import Motion
from tar_core.synthetic.scene import Scene, sample_scene

NEIGHBORS = 8  # donors to choose among
ERROR_SCALE = (0.3, 1.0)  # the backbone sees real people better than rendered ones
# Landmarks without a point of their own on the body go with the nearest that has one.
_NEAREST_SURFACE = {1: "leye", 2: "leye", 3: "leye", 4: "reye", 5: "reye", 6: "reye", 9: "nose", 10: "nose"}
_NEAREST_SURFACE |= {21: "lthumb", 22: "rthumb"}
_MIDDLE_OF_HIPS = NUM_JOINTS + len(LANDMARK_NAMES)
_HIPS = [JOINT_NAMES.index("left_hip"), JOINT_NAMES.index("right_hip")]


def _points_of_landmarks() -> list[int]:
    """[39] for each landmark its point among joints, surface landmarks and the middle of the hips."""
    points = [_MIDDLE_OF_HIPS] * NUM_LANDMARKS
    for landmark, joint in JOINT_OF_LANDMARK.items():
        points[landmark] = JOINT_NAMES.index(joint)
    for landmark, name in (SURFACE_OF_LANDMARK | _NEAREST_SURFACE).items():
        points[landmark] = NUM_JOINTS + LANDMARK_NAMES.index(name)
    return points


class LandmarkSimulator:
    """Makes batches of clips that have landmarks, but neither pictures nor maps.

    Args:
        motions: the recordings to choose from.
        donors: rendered clips, whose errors are lent; stills lend none, as theirs do not change with time.
        body: of the donors.
        length: frames of a clip, at least the donors'.
    """

    @torch.no_grad()
    def __init__(self, motions: list[Motion], donors: FeatureClips, body: BodyModel, length: int = 0) -> None:
        self.motions, self.donors, self.body = motions, donors, body
        self.length = max(length, donors.clip_length)
        self._points = _points_of_landmarks()
        errors, confidences, stances = [], [], []
        lenders = [clip for clip in range(len(donors)) if donors.is_moving(clip)]
        if not lenders:
            raise TarError("there are only stills; simulated landmarks need clips, whose errors they take over")
        for start in range(0, len(lenders), 64):
            batch = donors.batch(lenders[start : start + 64], maps=False)
            exact, stance = self._exact(batch.poses, batch.betas, batch.trans, batch.camera)
            per_clip = (-1, donors.clip_length)
            errors.append((batch.features.vector - exact)[:, POOLED.stop :].unflatten(0, per_clip))
            confidences.append(batch.features.vector[:, CONFIDENCES].unflatten(0, per_clip))
            stances.append(stance.unflatten(0, per_clip)[:, donors.clip_length // 2])
        self._errors, self._confidences = torch.cat(errors), torch.cat(confidences)
        self._stances = torch.cat(stances)

    @torch.no_grad()
    def batch(self, count: int, random: np.random.Generator) -> ClipBatch:
        """New clips; the generator's state alone decides which."""
        scenes = [sample_scene(random, self.motions, self._pose, self.length) for _ in range(count)]
        poses = _tensor([scene.camera_poses() for scene in scenes]).flatten(0, 1)
        betas = _tensor([scene.betas for scene in scenes]).repeat_interleave(self.length, 0)
        rest = self.body.rest_joints[0] + betas @ self.body.rest_joint_directions[0].T  # the pelvis stays there
        trans = _tensor([scene.camera_joints()[:, 0] for scene in scenes]).flatten(0, 1) - rest
        camera = CropCamera.cat([camera for scene in scenes for camera in _crop_cameras(scene)])

        vector, stance = self._exact(poses, betas, trans, camera)
        frames, weights = relay(self.length, self.donors.clip_length)
        middles = weights.argmax(1)
        stances = stance.view(count, self.length, -1)[:, middles]
        neighbors = min(NEIGHBORS, len(self._stances))
        nearest = torch.cdist(stances, self._stances).topk(neighbors, largest=False).indices
        choice = torch.from_numpy(random.integers(0, neighbors, (count, len(middles), 1)))
        chosen = nearest.gather(2, choice)  # [count, donors of a clip, 1]
        vector[:, POOLED] = self.donors.pooled_mean
        scale = torch.from_numpy(random.uniform(*ERROR_SCALE, (count, 1, 1))).float()
        errors = (self._errors[chosen, frames] * weights[..., None]).sum(1)
        vector[:, POOLED.stop :] += (scale * errors).flatten(0, 1)
        vector[:, CONFIDENCES] = (self._confidences[chosen, frames] * weights[..., None]).sum(1).flatten(0, 1)
        features = FrameFeatures(vector, vector.new_zeros(len(vector), 0, MAP_SIZE, MAP_SIZE), _landmarks(vector))
        return ClipBatch(features, camera, poses, betas, trans)

    def _pose(self, poses: np.ndarray, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = self.body(axis_angle_to_matrix(_tensor(poses)), _tensor(betas).expand(len(poses), -1))
        return points.joints.numpy().astype(np.float64), points.landmarks.numpy().astype(np.float64)

    def _exact(self, poses: Tensor, betas: Tensor, trans: Tensor, camera: CropCamera) -> tuple[Tensor, Tensor]:
        """A backbone's vector [N, 1944] that has no errors (nothing pooled, no confidences), and stances [N, 36].

        Stances are the limbs' joints from the middle of the hips in the crop's axes, meters.
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


def relay(length: int, donated: int) -> tuple[Tensor, Tensor]:
    """How donors of a few frames fill a clip: each is played back and forth around a frame of its own, and fades out
    towards those of its neighbors.

    Args:
        length: T, frames of the clip; donated: odd number of frames of each donor.

    Returns:
        frames: [D, T] which of its frames each donor gives; weights: [D, T] its share, which sum to 1 over the donors.
    """
    spacing = donated - 1
    middles = spacing // 2 + spacing * torch.arange((length - 1 - spacing // 2) // spacing + 1)
    from_middle = torch.arange(length) - middles[:, None]
    there_and_back = (from_middle + spacing // 2) % (2 * spacing)
    weights = (1 - from_middle.abs() / spacing).clamp_min(0)
    return torch.minimum(there_and_back, 2 * spacing - there_and_back), weights / weights.sum(0)


def _landmarks(vector: Tensor) -> Landmarks:
    """The landmarks that a backbone's vector [N, 1944] holds."""
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
