"""Predictions of a network on people with ground truth: sequences of datasets, and cached clips.

Crops are placed around the true joints by capture's rule, as is usual for published tables: detection is not evaluated.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from tar_core.body.data import BodyData
from tar_core.body.model import BodyModel
from tar_core.body.shape import median_shape
from tar_core.camera.crop import Crop, crop_from_alignment
from tar_core.camera.crop_camera import CropCamera, project
from tar_core.cleanup.smoothing import smooth_person
from tar_core.datasets.clips import body_points, read_image, transfer_to_body
from tar_core.datasets.crop_track import body_circles
from tar_core.datasets.features import FeatureClips
from tar_core.datasets.joints import H36M_NAMES
from tar_core.datasets.sequence import PersonSequence
from tar_core.errors import TarError
from tar_core.evaluation.clips import CLIPS_PER_BATCH, refine_frames
from tar_core.filters import true_runs
from tar_core.model.features import FrameFeatures
from tar_core.model.tar import TAR
from tar_core.motion import PersonMotion
from tar_core.runtime.modules import results_in_camera
from tar_core.runtime.streaming import TRAINED_FPS, FrameResult, TARStream, frame_results, frame_step
from tar_core.runtime.torch_runtime import TorchRuntime
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS

_CROPS_PER_BATCH = 16  # in the backbone
_REACH = 1.1  # the circle around hands and feet is this much larger than the one around wrists and ankles


@dataclass(frozen=True)
class Track:
    """N consecutive frames of one person: predictions and ground truth.

    Attributes:
        name: of the sequence; several tracks of one sequence have the same name.
        fps: frames per second.
        results: N predictions, on the body that the network is trained on.
        gender: of the body that the true parameters belong to.
        poses: [N, 24, 3] true poses; None if there are no SMPL parameters.
        betas: [10] true shape; None if there are no SMPL parameters.
        joints: [N, 17, 3] measured joints in the order of H36M_NAMES, meters, or None.
    """

    name: str
    fps: float
    results: list[FrameResult]
    gender: str
    poses: np.ndarray | None
    betas: np.ndarray | None
    joints: np.ndarray | None = None

    def predicted(self) -> tuple[np.ndarray, np.ndarray]:
        """The predicted poses [N, 24, 3] and shapes [N, 10]."""
        poses = np.stack([result.poses for result in self.results])
        return poses.reshape(-1, NUM_JOINTS, 3), np.stack([result.betas for result in self.results])


Backbone = Callable[[Tensor], FrameFeatures]


def predict_sequence(
    model: TAR,
    backbone: Backbone,
    sequence: PersonSequence,
    bodies: Mapping[str, BodyData],
    body: BodyData,
    device: str = "cpu",
) -> Iterator[Track]:
    """Run the network on each range of valid frames of a sequence, at about the frame rate that it is trained at.

    Args:
        bodies: by gender, the bodies that the dataset's parameters belong to.
        body: the network's body.

    Raises:
        TarError: an image is not usable, or the sequence does not say where the person is.
    """
    sequence = sequence.part(slice(None, None, frame_step(sequence.fps)))
    for first, end in true_runs(sequence.valid):
        part = sequence.part(slice(first, end))
        results = _results(model, backbone, part, true_crops(part, bodies, body), device)
        yield Track(part.name, part.fps, results, part.gender, part.poses, part.betas, part.joints)


def true_crops(sequence: PersonSequence, bodies: Mapping[str, BodyData], body: BodyData) -> list[Crop]:
    """Place each frame's crop around the true joints by capture's rule.

    Args:
        bodies: by gender, the bodies that the sequence's parameters belong to.
        body: the body that the crops are computed with.

    Raises:
        TarError: the sequence has neither SMPL parameters nor 2D joints.
    """
    names: Sequence[str]
    if sequence.poses is not None:
        points = body_points(BodyModel(body), transfer_to_body(sequence, bodies, body))
        pixels, names = project(points, sequence.focal_length, sequence.principal_point), JOINT_NAMES
        reach = 1.0
    elif sequence.joints_2d is not None:
        pixels, names, reach = sequence.joints_2d, H36M_NAMES, _REACH
    else:
        raise TarError(f"{sequence.name}: neither SMPL parameters nor 2D joints; choose another split")

    def middle(joint: str) -> np.ndarray:
        return pixels[:, [names.index(f"{side}_{joint}") for side in ("left", "right")]].mean(1)

    center, axis, radius = body_circles(middle("hip"), middle("shoulder"), pixels)
    up = axis / np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-6) * (reach * radius)[:, None]
    return [crop_from_alignment(c, c + u) for c, u in zip(center, up, strict=True)]


def _results(
    model: TAR, backbone: Backbone, sequence: PersonSequence, crops: list[Crop], device: str
) -> list[FrameResult]:
    stream = TARStream(TorchRuntime(model), sequence.fps or TRAINED_FPS)
    results: list[FrameResult] = []
    for start in range(0, len(crops), _CROPS_PER_BATCH):
        frames = range(start, min(start + _CROPS_PER_BATCH, len(crops)))
        images = [crops[k].cut(read_image(sequence.images[k], sequence.frame_size)) for k in frames]
        with torch.inference_mode():
            computed = backbone(torch.from_numpy(np.stack(images)).to(device).permute(0, 3, 1, 2).float() / 255)
        features = computed.map(lambda tensor: tensor.cpu().numpy())
        for row, frame in enumerate(frames):
            camera = CropCamera.from_crop(crops[frame], sequence.focal_length, sequence.principal_point.tolist())
            results += stream.push(features[row : row + 1], camera)
    return results + stream.finish()


@torch.no_grad()
def clip_tracks(model: TAR, clips: FeatureClips, device: str = "cpu") -> Iterator[Track]:
    """Predict each cached clip. The ground truth belongs to the network's body."""
    length = clips.clip_length
    for start in range(0, len(clips), CLIPS_PER_BATCH):
        numbers = range(start, min(start + CLIPS_PER_BATCH, len(clips)))
        batch = clips.batch(numbers).to(device)
        middles = torch.arange(len(batch.poses), device=device)
        bodies = refine_frames(model, batch, middles, length)
        outputs = results_in_camera(bodies[-1], batch.camera, batch.features.landmarks.score)
        results = frame_results([output.cpu().numpy() for output in outputs])
        for row, number in enumerate(numbers):
            frames = slice(row * length, (row + 1) * length)
            poses, betas = batch.poses[frames].cpu().numpy(), batch.betas[frames][0].cpu().numpy()
            yield Track(f"clip {number}", TRAINED_FPS, results[frames], "neutral", poses, betas)


def smoothed(track: Track, strength: float) -> Track:
    """Smooth a track as the clean-up does; each frame keeps its own shape.

    Args:
        strength: 0 to 1.
    """
    results = track.results
    poses, betas = track.predicted()
    confidence = np.array([result.confidence for result in results])
    person = PersonMotion(
        person_id=0,
        poses=poses.reshape(len(results), -1),
        betas=median_shape(betas, confidence),
        trans=np.stack([result.trans for result in results]),
        frames=np.arange(len(results)),
        boxes=np.zeros((len(results), 4)),
        confidence=confidence,
        joint_errors=np.stack([result.joint_errors for result in results]),
    )
    motion = smooth_person(person, track.fps, strength)
    frames = zip(results, motion.poses, motion.trans, strict=True)
    return replace(track, results=[replace(result, poses=pose, trans=trans) for result, pose, trans in frames])
