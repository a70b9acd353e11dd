"""Predictions of a network on cached clips, and their scores."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tar_core.datasets.features import ClipBatch, FeatureClips
from tar_core.datasets.joints import LIMB_HIPS, LIMB_JOINTS
from tar_core.evaluation.metrics import acceleration_error, mpjpe, pa_mpjpe, procrustes_align, root_aligned
from tar_core.model.refinement import PosedBody
from tar_core.model.tar import TAR

CLIPS_PER_BATCH = 16


@dataclass(frozen=True)
class Predictions:
    """A network's joints in the N frames of whole clips, with the ground truth.

    Attributes:
        joints: [N, 24, 3] predicted joints in the coordinates of the rolled crop cameras, meters.
        truth: [N, 24, 3] true joints, likewise.
        pixels: [N, 24] distances of the projected joints from the true ones, crop pixels.
        expected_errors: [N, 24] the network's estimates of its errors relative to the pelvis, meters; None if it has
            none.
        clip_length: frames in a clip.
    """

    joints: np.ndarray
    truth: np.ndarray
    pixels: np.ndarray
    expected_errors: np.ndarray | None
    clip_length: int

    def errors(self) -> np.ndarray:
        """[N, 24] distances from the true joints with the pelvises aligned, meters."""
        return np.linalg.norm(root_aligned(self.joints, [0]) - root_aligned(self.truth, [0]), axis=-1)


@dataclass(frozen=True)
class Scores:
    """Mean errors on a set of clips.

    Attributes:
        mpjpe: MPJPE, mm.
        pa: PA-MPJPE, mm.
        pixels: distance of the projected joints, crop pixels.
        acceleration: acceleration error, mm / frame^2.
    """

    mpjpe: float
    pa: float
    pixels: float
    acceleration: float


def refine_frames(model: TAR, batch: ClipBatch, middles: Tensor, clip_length: int) -> list[PosedBody]:
    """Predict the bodies in some frames of a batch of clips, after each refinement step.

    Args:
        middles: indices of the frames to predict, which are the middle frames of the windows.
        clip_length: frames in a clip; windows do not extend beyond the clip.
    """
    frames = model.encode_frames(batch.features, batch.camera)
    first = middles // clip_length * clip_length
    return model.decode_windows(frames, middles, first, first + clip_length - 1)


@torch.no_grad()
def predict(model: TAR, clips: FeatureClips, device: str = "cpu", maps: bool = True) -> Predictions:
    """Predict the joints in every frame of the clips, after the last refinement step."""
    model.eval()
    parts: list[tuple[Tensor, ...]] = []
    for start in range(0, len(clips), CLIPS_PER_BATCH):
        batch = clips.batch(range(start, min(start + CLIPS_PER_BATCH, len(clips))), maps=maps).to(device)
        all_frames = torch.arange(len(batch.poses), device=device)
        body = refine_frames(model, batch, all_frames, clips.clip_length)[-1]
        truth = batch.truth(model.body, all_frames)
        pixels = (body.joints_2d - truth.joints_2d).norm(dim=-1)
        expected = () if body.joint_errors is None else (body.joint_errors,)
        parts.append((body.points.joints, truth.joints, pixels, *expected))
    joints, target, distances, *errors = (torch.cat(part).cpu().numpy() for part in zip(*parts, strict=True))
    return Predictions(joints, target, distances, errors[0] if errors else None, clips.clip_length)


def score(predictions: Predictions) -> Scores:
    """Average the errors of the twelve limb joints that the benchmarks score over all frames."""
    joints, truth = predictions.joints[:, LIMB_JOINTS], predictions.truth[:, LIMB_JOINTS]
    aligned, aligned_truth = root_aligned(joints, LIMB_HIPS), root_aligned(truth, LIMB_HIPS)
    length = predictions.clip_length
    acceleration = [
        acceleration_error(aligned[start : start + length], aligned_truth[start : start + length])
        for start in range(0, len(joints), length)
    ]
    return Scores(
        mpjpe=float(mpjpe(joints, truth, LIMB_HIPS).mean()),
        pa=float(pa_mpjpe(joints, truth).mean()),
        pixels=float(predictions.pixels[:, LIMB_JOINTS].mean()),
        acceleration=float(np.concatenate(acceleration).mean()),
    )


def constant_pose_error(predictions: Predictions, rounds: int = 3) -> float:
    """PA-MPJPE, mm, of the best constant: the Procrustes mean of the true limb joints, predicted for every frame.

    A network that does not lie below it follows nobody. The mean is that of the scored frames themselves, so a network
    has to beat a constant that knows the answers.
    """
    truth = predictions.truth[:, LIMB_JOINTS]
    mean = truth[0]
    for _ in range(rounds):
        mean = _unit_size(procrustes_align(_unit_size(truth), np.broadcast_to(mean, truth.shape)).mean(0))
    return float(pa_mpjpe(np.broadcast_to(mean, truth.shape), truth).mean())


def _unit_size(joints: np.ndarray) -> np.ndarray:
    """Joints [..., J, 3] about their mean, scaled to a norm of 1."""
    centered = joints - joints.mean(-2, keepdims=True)
    return centered / np.linalg.norm(centered, axis=(-2, -1), keepdims=True)


def evaluate(model: TAR, clips: FeatureClips, device: str = "cpu", maps: bool = True) -> Scores:
    """Predict the clips and score the predictions."""
    return score(predict(model, clips, device, maps))
