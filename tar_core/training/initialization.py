"""Initial weights of a training run: from the training set's statistics, or from a checkpoint."""

import logging
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tar_core.datasets.features import FeatureClips
from tar_core.errors import TarError
from tar_core.model.checkpoint import load_tar
from tar_core.model.states import Estimate
from tar_core.model.tar import TAR
from tar_core.rotations import axis_angle_to_matrix, matrix_to_rotation_6d

log = logging.getLogger(__name__)


@torch.no_grad()
def start_at_training_mean(model: TAR, clips: FeatureClips, sample: int = 200) -> None:
    """Initialize an untrained network with the training set's mean body and input statistics.

    Args:
        model: changed in place.
        clips: training clips.
        sample: number of clips that the mean body is computed from.
    """
    model.global_encoder.standardize(clips.vectors())
    count = min(sample, len(clips))
    batch = clips.batch(np.random.default_rng(0).choice(len(clips), count, replace=False).tolist(), maps=False)
    rotations = matrix_to_rotation_6d(axis_angle_to_matrix(batch.poses)).mean(0, keepdim=True)
    # People face all directions, so the mean orientation is meaningless: start upright, facing the camera.
    rotations[:, 0] = torch.tensor([1.0, 0, 0, 0, -1, 0])
    crop_camera = batch.camera.crop_camera(batch.camera.roll_camera(batch.trans)).mean(0, keepdim=True)
    model.global_encoder.regressors.set_mean(Estimate(rotations, batch.betas.mean(0, keepdim=True), crop_camera))


def start_from_checkpoint(model: TAR, path: Path) -> None:
    """Copy a checkpoint's weights into a network, which may have additional parts and far frames.

    Args:
        model: changed in place; parts that the checkpoint lacks keep their weights.

    Raises:
        TarError: the checkpoint has parts that the network lacks, or other sizes.
    """
    weights, initial = load_tar(path).state_dict(), model.state_dict()
    for name, axis in (("global_encoder.position", 0), ("global_encoder.average.weight", 2)):
        if name in weights:
            weights[name] = _extend(weights[name], initial[name], axis)
    wrong = [name for name in weights if name not in initial or initial[name].shape != weights[name].shape]
    if wrong:
        raise TarError(f"{path}: its {wrong[0]} does not fit this config; choose the config it was trained with")
    model.load_state_dict(weights, strict=False)
    missing = sorted(initial.keys() - weights.keys())
    if missing:
        log.info("not in the checkpoint, untrained: %s", ", ".join(missing))


def _extend(weights: Tensor, initial: Tensor, axis: int) -> Tensor:
    """Extend weights of fewer frames along an axis by the initial weights of additional frames on both sides."""
    extra = initial.shape[axis] - weights.shape[axis]
    if extra <= 0:
        return weights
    extended = initial.clone()
    extended.narrow(axis, extra // 2, weights.shape[axis]).copy_(weights)
    return extended
