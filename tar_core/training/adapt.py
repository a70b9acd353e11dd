"""`tar-capture adapt`: fits a network to one's own footage, without any ground truth.

People in the clips are followed, the network's motion is bent over the backbone's landmarks (tar_core/training/
footage.py), and the network learns to give that at once. The end of every run is held out; the new network is written
only if it lies better over the picture there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from tar_core.capture.networks import Networks
from tar_core.datasets.features import FeatureClips
from tar_core.errors import TarError
from tar_core.evaluation.clips import Scores, evaluate, refine_frames
from tar_core.model.checkpoint import load_tar, save_tar
from tar_core.model.tar import TAR
from tar_core.options import CaptureOptions
from tar_core.training.footage import FittingConfig, landmark_distances, make_clips
from tar_core.training.losses import LossConfig
from tar_core.training.mixing import MixedClips, Part
from tar_core.training.trainer import Trainer, TrainingConfig

VIDEOS = {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v"}
# The pseudo truth is the network's own work: it must not learn from it how sure to be.
LOSS = replace(LossConfig(), joint_errors=0.0)


@dataclass(frozen=True)
class AdaptOptions:
    """How much of what.

    Attributes:
        checkpoint: the network to start from; None: the default one.
        steps, learning_rate: of training.
        held_out: share of every run that is not trained on.
        most_frames: looked at in each video.
        synthetic: cached training clips to mix in, half and half, so that nothing is forgotten.
        test: cached synthetic clips to score before and after.
        device: as capture's.
    """

    checkpoint: Path | None = None
    steps: int = 200
    learning_rate: float = 5e-5
    held_out: float = 0.25
    most_frames: int = 900
    synthetic: Path | None = None
    test: Path | None = None
    device: str = "auto"


def find_videos(paths: Sequence[Path]) -> list[Path]:
    """The files among `paths`, and the videos in the folders among them, in order.

    Raises:
        TarError: there is none.
    """
    videos = [
        file
        for path in paths
        for file in (sorted(path.iterdir()) if path.is_dir() else [path])
        if not path.is_dir() or file.suffix.lower() in VIDEOS
    ]
    if not videos:
        raise TarError(f"no videos in {', '.join(map(str, paths))}; give files, or folders that hold some")
    return videos


def adapt(
    paths: Sequence[Path], output: Path, folder: Path, options: AdaptOptions, tell: Callable[[str], None]
) -> None:
    """Writes the adapted checkpoint.

    Args:
        paths: videos and folders of them.
        folder: for the clips and the run.
        tell: takes the lines of the report.

    Raises:
        TarError: nobody is seen for long enough, or the network got no better on what was held out.
    """
    videos = find_videos(paths)
    networks = Networks.load(CaptureOptions(checkpoint=options.checkpoint, device=options.device))
    for line in make_clips(videos, networks, folder, options.held_out, options.most_frames, FittingConfig()):
        tell(line)
    train, held_out = folder / "train", folder / "held_out"
    if not (any(train.glob("*.safetensors")) and any(held_out.glob("*.safetensors"))):
        raise TarError("nobody is seen for long enough, some seconds without a break; give more or longer videos")
    unseen = FeatureClips(held_out)
    test = FeatureClips(options.test) if options.test is not None else None
    device = str(networks.device)

    def judge(name: str, model: TAR) -> float:
        pixels = reprojection(model, unseen, device)
        line = f"{name}: {pixels:.2f} crop pixels from the landmarks that were held out"
        if test is not None:
            scores: Scores = evaluate(model, test, device)
            line += f", synthetic MPJPE {scores.mpjpe:.1f}, PA-MPJPE {scores.pa:.1f}, ACCEL {scores.acceleration:.1f}"
        tell(line)
        return pixels

    model = load_tar(options.checkpoint, device)
    before = judge("before", model)
    parts = [Part(train, 1.0)] + ([Part(options.synthetic, 1.0)] if options.synthetic is not None else [])
    config = TrainingConfig(
        steps=options.steps,
        learning_rate=options.learning_rate,
        warmup=max(1, options.steps // 10),
        average=0.98,
        checkpoint_every=options.steps,
        loss=LOSS,
    )
    Trainer(model, MixedClips(parts), unseen, config, folder / "run", device).run()
    adapted = load_tar(folder / "run" / "tar.safetensors", device)
    after = judge("after", adapted)
    if after >= before:
        raise TarError("the network got no better on what was held out, so nothing was written; give more footage")
    save_tar(adapted, output, half=True, notes={"adapted": f"to {len(videos)} videos, {options.steps} steps"})


@torch.no_grad()
def reprojection(model: TAR, clips: FeatureClips, device: str) -> float:
    """Mean distance of projected joints from the visible landmarks, crop pixels."""
    model.eval()
    total, weight = 0.0, 0.0
    for clip in range(len(clips)):
        batch = clips.batch([clip]).to(device)
        every = torch.arange(len(batch.poses), device=device)
        body = refine_frames(model, batch, every, clips.clip_length)[-1]
        away, weights = landmark_distances(body.joints_2d, batch.features.landmarks)
        total, weight = total + float((away * weights).sum()), weight + float(weights.sum())
    return total / max(weight, 1e-9)
