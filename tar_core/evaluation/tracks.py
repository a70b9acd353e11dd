"""What a network makes of people whose truth is known: of a data set's sequences, and of cached clips.

People are cut out by capture's rule around their TRUE joints, as the field's tables are made: no detector is tested.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from tar_core.body.data import BodyData
from tar_core.body.model import BodyModel
from tar_core.body.shape import consistent_shape
from tar_core.camera.crop import Crop, crop_from_alignment
from tar_core.camera.crop_camera import CropCamera, project
from tar_core.cleanup.smoothing import smooth_person
from tar_core.datasets.clips import body_points, fitted, read_picture, usable_runs
from tar_core.datasets.crop_track import body_circles
from tar_core.datasets.features import FeatureClips
from tar_core.datasets.joints import H36M_NAMES
from tar_core.datasets.sequence import PersonSequence
from tar_core.errors import TarError
from tar_core.evaluation.synthetic import refine_frames
from tar_core.model.features import FrameFeatures
from tar_core.model.streaming import TRAINED_FPS, FrameResult, TARStream, frame_results, frame_step
from tar_core.model.tar import TAR
from tar_core.motion import PersonMotion
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS

_BATCH = 16  # crops that the backbone sees at once
_CLIPS_AT_ONCE = 16
_BEYOND = 1.1  # how much farther hands and feet reach than wrists and ankles


@dataclass(frozen=True)
class Track:
    """N consecutive frames of one person, as predicted and as they are.

    Attributes:
        name: the sequence's; several tracks of one sequence share it.
        fps: frames a second.
        results: N of the network's, on the body that it is trained on.
        gender: of the body that the truth belongs to.
        poses: [N, 24, 3], betas: [10] the truth's, or None where there are no SMPL parameters.
        joints: [N, 17, 3] measured ones in H36M_NAMES' order, meters, or None.
    """

    name: str
    fps: float
    results: list[FrameResult]
    gender: str
    poses: np.ndarray | None
    betas: np.ndarray | None
    joints: np.ndarray | None = None

    def predicted(self) -> tuple[np.ndarray, np.ndarray]:
        """Poses [N, 24, 3] and shapes [N, 10]."""
        poses = np.stack([result.poses for result in self.results])
        return poses.reshape(-1, NUM_JOINTS, 3), np.stack([result.betas for result in self.results])


Backbone = Callable[[Tensor], FrameFeatures]


def follow(
    model: TAR,
    backbone: Backbone,
    sequence: PersonSequence,
    bodies: Mapping[str, BodyData],
    body: BodyData,
    device: str = "cpu",
) -> Iterator[Track]:
    """The network over each run of usable frames of a sequence, at about the rate that it is trained at.

    Args:
        bodies: that the data set's parameters belong to; body: the network's.
    """
    sequence = sequence.part(slice(None, None, frame_step(sequence.fps)))
    for first, last in usable_runs(sequence.valid):
        part = sequence.part(slice(first, last))
        results = _results(model, backbone, part, true_crops(part, bodies, body), device)
        yield Track(part.name, part.fps, results, part.gender, part.poses, part.betas, part.joints)


def true_crops(sequence: PersonSequence, bodies: Mapping[str, BodyData], body: BodyData) -> list[Crop]:
    """Each frame's crop around the true joints, by the rule that capture has."""
    names: Sequence[str]
    if sequence.poses is not None:
        points = body_points(BodyModel(body), fitted(sequence, bodies, body))
        pixels, names = project(points, sequence.focal_length, sequence.principal_point), JOINT_NAMES
        reach = 1.0
    elif sequence.joints_2d is not None:
        pixels, names, reach = sequence.joints_2d, H36M_NAMES, _BEYOND
    else:
        raise TarError(f"{sequence.name} says nowhere where the person is; choose another split")

    def middle(joint: str) -> np.ndarray:
        return pixels[:, [names.index(f"{side}_{joint}") for side in ("left", "right")]].mean(1)

    center, axis, radius = body_circles(middle("hip"), middle("shoulder"), pixels)
    up = axis / np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-6) * (reach * radius)[:, None]
    return [crop_from_alignment(c, c + u) for c, u in zip(center, up, strict=True)]


def _results(
    model: TAR, backbone: Backbone, sequence: PersonSequence, crops: list[Crop], device: str
) -> list[FrameResult]:
    stream = TARStream(model, sequence.fps or TRAINED_FPS)
    results: list[FrameResult] = []
    for start in range(0, len(crops), _BATCH):
        frames = range(start, min(start + _BATCH, len(crops)))
        pictures = [crops[k].cut(read_picture(sequence.images[k], sequence.frame_size)) for k in frames]
        with torch.inference_mode():
            features = backbone(torch.from_numpy(np.stack(pictures)).to(device).permute(0, 3, 1, 2).float() / 255)
        for row, frame in enumerate(frames):
            camera = CropCamera.from_crop(crops[frame], sequence.focal_length, sequence.principal_point.tolist())
            results += stream.push(features[row : row + 1], camera.to(device))
    return results + stream.finish()


@torch.no_grad()
def clip_tracks(model: TAR, clips: FeatureClips, device: str = "cpu") -> Iterator[Track]:
    """Each cached clip; its truth belongs to the network's own body."""
    length = clips.clip_length
    for start in range(0, len(clips), _CLIPS_AT_ONCE):
        numbers = range(start, min(start + _CLIPS_AT_ONCE, len(clips)))
        batch = clips.batch(numbers).to(device)
        middles = torch.arange(len(batch.poses), device=device)
        bodies = refine_frames(model, batch, middles, length)
        results = frame_results(bodies[-1], batch.camera, batch.features.landmarks.score)
        for row, number in enumerate(numbers):
            own = slice(row * length, (row + 1) * length)
            poses, betas = batch.poses[own].cpu().numpy(), batch.betas[own][0].cpu().numpy()
            yield Track(f"clip {number}", TRAINED_FPS, results[own], "neutral", poses, betas)


def smoothed(track: Track, strength: float) -> Track:
    """The track after `tar-capture smooth`; the frames keep their own shapes."""
    results = track.results
    poses, betas = track.predicted()
    confidence = np.array([result.confidence for result in results])
    person = PersonMotion(
        person_id=0,
        poses=poses.reshape(len(results), -1),
        betas=consistent_shape(betas, confidence),
        trans=np.stack([result.trans for result in results]),
        frames=np.arange(len(results)),
        boxes=np.zeros((len(results), 4)),
        confidence=confidence,
        joint_errors=np.stack([result.joint_errors for result in results]),
    )
    motion = smooth_person(person, track.fps, strength)
    frames = zip(results, motion.poses, motion.trans, strict=True)
    return replace(track, results=[replace(result, poses=pose, trans=trans) for result, pose, trans in frames])
