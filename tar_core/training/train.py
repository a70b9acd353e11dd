"""A training run from its inputs to its checkpoint."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from tar_core.datasets.features import FeatureClips, backbone_of_features
from tar_core.errors import TarError
from tar_core.evaluation.clips import Scores
from tar_core.files import file_hash
from tar_core.model.backbones.pretrained import copy_backbone
from tar_core.model.checkpoint import build_tar
from tar_core.model.config import BLAZEPOSE, TAR_S, TARConfig
from tar_core.model.weights import BACKBONE_HASH
from tar_core.training.initialization import start_at_training_mean, start_from_checkpoint
from tar_core.training.mixing import load_clips
from tar_core.training.overlays import Overlays
from tar_core.training.parallel import Workers, join_workers, leave_workers
from tar_core.training.simulated import load_simulator
from tar_core.training.trainer import RUN_CHECKPOINT, Trainer, TrainingConfig


@dataclass(frozen=True)
class Run:
    """The inputs of a training run.

    Attributes:
        features: cached training clips: a folder, or a .toml file with a mixture (see mixing.py).
        test: folder of cached test clips.
        output: folder of the run, see `Trainer`.
        network: the network's config.
        config: the settings of the training.
        max_clips: maximum number of training clips to use.
        init: checkpoint with the initial weights.
        motions: recordings for simulated landmarks: files, folders or tar archives.
        overlays: folder of the shards that the test clips' features were computed from, to draw overlays on.
        device: a torch device.
    """

    features: Path
    test: Path
    output: Path
    network: TARConfig = TAR_S
    config: TrainingConfig = field(default_factory=TrainingConfig)
    max_clips: int | None = None
    init: Path | None = None
    motions: Sequence[Path] = ()
    overlays: Path | None = None
    device: str = "cpu"


def train(run: Run, resume: bool = False) -> Scores:
    """Train a network, together with the other processes if torchrun started this one.

    Args:
        resume: whether to resume the run in the output folder.

    Returns:
        The scores of the averaged weights on the test clips.

    Raises:
        TarError: an input is missing or not usable, or there is no run to resume.
    """
    try:
        workers, device = join_workers(run.device)
        logging.getLogger().setLevel(logging.INFO if workers.is_main else logging.WARNING)
        trainer = build_trainer(run, workers, device)
        if resume and not trainer.resume():
            raise TarError(f"{run.output}: no run to resume; start it from the beginning")
        parameters = sum(parameter.numel() for parameter in trainer.model.parameters())
        logging.info("%d clips, %d parameters", len(trainer.clips), parameters)
        return trainer.run()
    finally:
        leave_workers()


def build_trainer(run: Run, workers: Workers, device: str) -> Trainer:
    """Load the inputs and build the network.

    Raises:
        TarError: an input is missing or not usable.
    """
    torch.manual_seed(run.config.seed)
    clips = load_clips(run.features, run.max_clips)
    model = build_tar(run.network)
    if run.init:
        start_from_checkpoint(model, run.init)
    else:
        start_at_training_mean(model, clips)
    notes = copy_backbone_of(clips, run.network.backbone, run.output / RUN_CHECKPOINT)
    simulator = load_simulator(run.motions, clips, run.network, run.config.targets_per_clip) if run.motions else None
    test = FeatureClips(run.test)
    overlays = Overlays(run.overlays, test) if run.overlays else None
    return Trainer(model, clips, test, run.config, run.output, device, simulator, workers, overlays, notes)


def copy_backbone_of(clips: FeatureClips, name: str, checkpoint: Path) -> dict[str, str]:
    """Copy the weights of the backbone that computed the clips to their place beside a checkpoint.

    Returns:
        The notes of the checkpoint; none for BlazePose, which comes with the package.

    Raises:
        TarError: the weights are missing, or the clips are from backbones with different weights.
    """
    if name == BLAZEPOSE:
        return {}
    first, *others = (backbone_of_features(folder, name) for folder in clips.folders)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    notes = copy_backbone(first, name, checkpoint)
    for file in others:
        if file.is_file() and file_hash(file) != notes[BACKBONE_HASH]:
            raise TarError(f"{file}: not the weights of {first}; compute the features of both with the same ones")
    return notes
