"""Adapts a network to videos without ground truth (`tar-capture adapt`).

The network's motion of the people in the videos is fitted to the backbone's landmarks (footage.py), and the network is
trained on the fitted motion. The end of every run is held out; the adapted network is written only if its joints are
closer to the landmarks there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from tar_core.capture.networks import Networks
from tar_core.datasets.features import FeatureClips
from tar_core.errors import TarError
from tar_core.evaluation.clips import evaluate, refine_frames
from tar_core.files import VIDEO_ENDINGS
from tar_core.model.backbones.pretrained import copy_backbone
from tar_core.model.checkpoint import load_tar, save_tar
from tar_core.model.tar import TAR
from tar_core.model.weights import own_backbone, read_checkpoint
from tar_core.options import CaptureOptions
from tar_core.runtime.torch_runtime import choose_device
from tar_core.training.footage import FittingConfig, landmark_distances, write_clips
from tar_core.training.losses import LossConfig
from tar_core.training.mixing import MixedClips, Part
from tar_core.training.trainer import RUN_CHECKPOINT, Trainer, TrainingConfig

# The labels come from the network, so that they are not suitable for training its estimate of its errors.
LOSS = replace(LossConfig(), joint_errors=0.0)


@dataclass(frozen=True)
class AdaptOptions:
    """Settings of an adaptation.

    Attributes:
        checkpoint: the network to adapt; None for the default one.
        steps, learning_rate: of the training.
        held_out: share of every run that is excluded from training.
        max_frames: maximum number of frames to use from each video.
        synthetic: folder of cached synthetic clips that make up half of the training, to prevent forgetting; or None.
        test: folder of cached synthetic clips to score before and after; or None.
        device: see `CaptureOptions`.
    """

    checkpoint: Path | None = None
    steps: int = 200
    learning_rate: float = 5e-5
    held_out: float = 0.25
    max_frames: int = 900
    synthetic: Path | None = None
    test: Path | None = None
    device: str = "auto"


def find_videos(paths: Sequence[Path]) -> list[Path]:
    """Collect the files in `paths` and the videos in its folders, in order.

    Raises:
        TarError: there is none.
    """
    videos = [
        file
        for path in paths
        for file in (sorted(path.iterdir()) if path.is_dir() else [path])
        if not path.is_dir() or file.suffix.lower() in VIDEO_ENDINGS
    ]
    if not videos:
        raise TarError(f"{', '.join(map(str, paths))}: no videos found; give video files or folders of videos")
    return videos


def adapt(
    paths: Sequence[Path], output: Path, folder: Path, options: AdaptOptions, report: Callable[[str], None]
) -> None:
    """Adapt a network and write its checkpoint.

    Args:
        paths: videos and folders of videos.
        output: checkpoint to write.
        folder: for the clips and the training run.
        report: called with each line of the report.

    Raises:
        TarError: no person is visible for long enough, or the network did not improve on the held-out clips.
    """
    videos = find_videos(paths)
    networks = Networks.load(CaptureOptions(checkpoint=options.checkpoint, device=options.device))
    for line in write_clips(videos, networks, folder, options.held_out, options.max_frames, FittingConfig()):
        report(line)
    train, held_out = folder / "train", folder / "held_out"
    if not (any(train.glob("*.safetensors")) and any(held_out.glob("*.safetensors"))):
        raise TarError(
            "no person is visible for long enough (a few seconds without interruption); give more or longer videos"
        )
    held_out_clips = FeatureClips(held_out)
    test = FeatureClips(options.test) if options.test is not None else None
    device = str(choose_device(options.device))

    model = load_tar(options.checkpoint, device)
    before = reprojection_error(model, held_out_clips, device)
    report(f"before: {score_line(model, before, test, device)}")
    parts = [Part(train, 1.0)] + ([Part(options.synthetic, 1.0)] if options.synthetic is not None else [])
    config = TrainingConfig(
        steps=options.steps,
        learning_rate=options.learning_rate,
        warmup=max(1, options.steps // 10),
        average=0.98,
        checkpoint_every=options.steps,
        loss=LOSS,
    )
    Trainer(model, MixedClips(parts), held_out_clips, config, folder / "run", device).run()
    adapted = load_tar(folder / "run" / RUN_CHECKPOINT, device)
    after = reprojection_error(adapted, held_out_clips, device)
    report(f"after: {score_line(adapted, after, test, device)}")
    if after >= before:
        raise TarError("the network did not improve on the held-out clips, so nothing was written; give more videos")
    notes = {"adapted": f"to {len(videos)} videos, {options.steps} steps"}
    if (own := own_backbone(read_checkpoint(options.checkpoint))) is not None:
        notes |= copy_backbone(own, model.config.backbone, output)
    save_tar(adapted, output, half=True, notes=notes)


def score_line(model: TAR, pixels: float, test: FeatureClips | None, device: str) -> str:
    """Describe the scores of a network.

    Args:
        pixels: its `reprojection_error` on the held-out clips.
        test: synthetic clips to score as well, or None.
    """
    line = f"{pixels:.2f} crop pixels from the held-out landmarks"
    if test is not None:
        scores = evaluate(model, test, device)
        line += f", synthetic MPJPE {scores.mpjpe:.1f}, PA-MPJPE {scores.pa:.1f}, ACCEL {scores.acceleration:.1f}"
    return line


@torch.no_grad()
def reprojection_error(model: TAR, clips: FeatureClips, device: str) -> float:
    """Mean distance of the projected joints from the visible landmarks, crop pixels."""
    model.eval()
    total, weight = 0.0, 0.0
    for clip in range(len(clips)):
        batch = clips.batch([clip]).to(device)
        all_frames = torch.arange(len(batch.poses), device=device)
        body = refine_frames(model, batch, all_frames, clips.clip_length)[-1]
        distances, weights = landmark_distances(body.joints_2d, batch.features.landmarks)
        total, weight = total + float((distances * weights).sum()), weight + float(weights.sum())
    return total / max(weight, 1e-9)
