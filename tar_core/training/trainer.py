"""Trains TAR on cached features, on a CPU or GPU; runs can be interrupted and resumed."""

import csv
import io
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tar_core.datasets.features import ClipBatch, FeatureClips
from tar_core.errors import TarError
from tar_core.evaluation.clips import Scores, evaluate, refine_frames
from tar_core.files import atomic_path
from tar_core.model.checkpoint import save_tar
from tar_core.model.features import POOLED
from tar_core.model.tar import TAR
from tar_core.training.losses import LossConfig, refinement_loss
from tar_core.training.overlays import Overlays, write_overlay
from tar_core.training.parallel import Workers
from tar_core.training.schedule import learning_rate_factor, update_average
from tar_core.training.simulated import LandmarkSimulator

RUN_CHECKPOINT = "tar.safetensors"  # in the folder of a run

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of a run.

    Attributes:
        steps: total number of optimizer steps.
        clips_per_step: clips in a batch, over all processes.
        accumulate: number of parts in which each process computes the gradient of its share of the batch, which saves
            memory and gives the same gradient.
        targets_per_clip: consecutive frames of each clip that are refined; the frames around them fill the windows.
        learning_rate, warmup, weight_decay: of AdamW; the rate rises linearly for `warmup` steps and decays to zero
            with a cosine.
        clip_norm: maximum norm of the gradient.
        average: decay of the running average of the weights, which is evaluated and saved.
        seed: random seed of the batches and of the initial weights.
        report_every: steps between lines of the log.
        checkpoint_every: steps between checkpoints, each of which is evaluated and saved.
        simulated: share of the steps on simulated landmarks instead of rendered images.
        hide_appearance: share of the rendered clips whose pooled features are replaced by their mean. The features are
            less informative for real people than for rendered ones, and simulated landmarks do not have them.
        mixed_precision: whether to compute the network in bfloat16; the body model and the losses stay in float32. It
            is 1.5 times faster on CPUs with bfloat16 instructions.
        use_maps: False for a warm-up without local maps. It is several times faster, and the refinement learns mainly
            from the landmarks at first.
        loss: weights of the loss terms.
    """

    steps: int = 2000
    clips_per_step: int = 24
    accumulate: int = 1
    targets_per_clip: int = 5
    learning_rate: float = 6e-4
    warmup: int = 100
    weight_decay: float = 0.02
    clip_norm: float = 1.0
    average: float = 0.995
    seed: int = 0
    report_every: int = 50
    checkpoint_every: int = 500
    simulated: float = 0.0
    hide_appearance: float = 0.0
    mixed_precision: bool = False
    use_maps: bool = True
    loss: LossConfig = field(default_factory=LossConfig)


class Trainer:
    """The state of a run: the network, its optimizer and the number of steps.

    Args:
        model: trained in place.
        clips: training clips.
        test_clips: evaluated at every checkpoint.
        config: the settings of the run.
        folder: `last.pt` (to resume), `tar.safetensors` (the averaged weights) and `log.csv` are written to it.
        device: a torch device.
        simulator: makes the batches with simulated landmarks.
        workers: the processes that train together.
        overlays: drawn at every checkpoint into the subfolder `overlays`.
        notes: for the metadata of the checkpoint.

    Raises:
        TarError: the simulator is missing, or the batch cannot be divided among processes and parts.
    """

    def __init__(
        self,
        model: TAR,
        clips: FeatureClips,
        test_clips: FeatureClips,
        config: TrainingConfig,
        folder: Path,
        device: str = "cpu",
        simulator: LandmarkSimulator | None = None,
        workers: Workers | None = None,
        overlays: Overlays | None = None,
        notes: dict[str, str] | None = None,
    ) -> None:
        if config.simulated > 0 and simulator is None:
            raise TarError("simulated landmarks need recorded motions; give some")
        self.model = model.to(device)
        self.clips, self.test_clips = clips, test_clips
        self.config, self.folder, self.device, self.simulator = config, folder, device, simulator
        self.workers, self.overlays, self.notes = workers or Workers(), overlays, notes or {}
        if self._clips_per_step % (self.workers.count * config.accumulate):
            raise TarError(
                f"{self._clips_per_step} clips per step cannot be divided among {self.workers.count} processes with"
                f" {config.accumulate} parts each; use a multiple of {self.workers.count * config.accumulate}"
            )
        self.step = 0
        self.optimizer = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=config.weight_decay)
        self.averaged = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        folder.mkdir(parents=True, exist_ok=True)
        self.board = open_tensorboard(folder) if self.workers.is_main else None

    def run(self) -> Scores:
        """Train from the current step to the last one; return the scores of the averaged weights."""
        config, started = self.config, time.monotonic()
        scores: Scores | None = None
        running: list[float] = []
        while self.step < config.steps:
            running.append(self.advance())
            if self.step % config.report_every == 0:
                pace = (time.monotonic() - started) / len(running)
                loss = float(np.mean(running[-50:]))
                rate = self.optimizer.param_groups[0]["lr"]
                log.info("step %d  loss %.4f  lr %.1e  %.2f s/step", self.step, loss, rate, pace)
                self._log_scalars({"loss": loss, "learning rate": rate, "seconds per step": pace})
            if self.step % config.checkpoint_every == 0 or self.step == config.steps:
                scores = self.checkpoint(float(np.mean(running[-config.checkpoint_every :])))
        return scores or self._evaluate()

    def advance(self) -> float:
        """Do the next optimizer step; return its loss."""
        config = self.config
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * learning_rate_factor(self.step, config.steps, config.warmup)
        loss = self._train_step(self._batch())
        self.step += 1
        return loss

    def checkpoint(self, loss: float) -> Scores:
        """Evaluate the averaged weights on the test clips, log the scores and save the state.

        Args:
            loss: mean training loss since the last checkpoint, for the log.
        """
        scores = self._evaluate()
        log.info("step %d  test %s", self.step, scores)
        self._log_scalars({f"test {name}": value for name, value in vars(scores).items()})
        if not self.workers.is_main:
            return scores
        path = self.folder / "log.csv"
        is_new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow(["step", "loss", "mpjpe_mm", "pa_mm", "pixels", "acceleration_mm"])
            row = [loss, scores.mpjpe, scores.pa, scores.pixels, scores.acceleration]
            writer.writerow([self.step, *(f"{value:.4f}" for value in row)])
        state = {
            "step": self.step,
            "model": self.model.state_dict(),
            "averaged": self.averaged,
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
        }
        packed = io.BytesIO()  # written at once: `torch.save` raises errors of its own if the disk is full
        torch.save(state, packed)
        with atomic_path(self.folder / "last.pt") as temporary:
            temporary.write_bytes(packed.getbuffer())
        return scores

    def _log_scalars(self, values: dict[str, float]) -> None:
        """Add values to the TensorBoard curves."""
        if self.board is not None:
            for name, value in values.items():
                self.board.add_scalar(name, value, self.step)

    def _evaluate(self) -> Scores:
        """Score the averaged weights and save them."""
        trained = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        self.model.load_state_dict(self.averaged)
        scores = evaluate(self.model, self.test_clips, self.device, self.config.use_maps)
        if self.workers.is_main:
            save_tar(self.model, self.folder / RUN_CHECKPOINT, half=False, notes=self.notes)
            self._write_overlay()
        self.model.load_state_dict(trained)
        return scores

    def _write_overlay(self) -> None:
        """Draw the predictions of the current weights on some test clips."""
        if self.overlays is not None:
            image = self.overlays.draw(self.model, self.device, self.config.use_maps)
            write_overlay(self.folder / "overlays" / f"step_{self.step:06d}.jpg", image)
            if self.board is not None:
                self.board.add_image("test clips", image, self.step, dataformats="HWC")

    def resume(self) -> bool:
        """Load the state in `last.pt`; return False if there is none."""
        path = self.folder / "last.pt"
        if not path.exists():
            return False
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.step = state["step"]
        if self.workers.is_main:
            remove_later_rows(self.folder / "log.csv", self.step)
        self.model.load_state_dict(state["model"])
        self.averaged = state["averaged"]
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"].cpu())
        return True

    def _batch(self) -> ClipBatch:
        """Load this process's clips of the step, which depend only on the seed and the step."""
        config = self.config
        random = np.random.default_rng([config.seed, self.step])
        count = self._clips_per_step
        share = self.workers.share(count)
        if self.simulator is not None and random.random() < config.simulated:
            batch = self.simulator.batch(count, random)
            length = len(batch.poses) // count
            return batch[share.start * length : share.stop * length]
        clips = self.clips.sample(count, random)
        reverse = random.random(count) < 0.5
        batch = self.clips.batch(clips[share], reverse[share].tolist(), config.use_maps)
        hidden = np.repeat(random.random(count)[share] < config.hide_appearance, self.clips.clip_length)
        batch.features.vector[torch.from_numpy(hidden), POOLED] = self.clips.pooled_mean
        return batch

    @property
    def _clips_per_step(self) -> int:
        return min(self.config.clips_per_step, len(self.clips))

    def _train_step(self, batch: ClipBatch) -> float:
        """Do an optimizer step on the clips of all processes; return the mean loss.

        Args:
            batch: this process's clips.
        """
        self.model.train()
        if self.workers.count > 1:  # dropout differs between processes and is the same after resuming
            torch.manual_seed(hash((self.config.seed, self.step, self.workers.rank)))
        share = self.workers.share(self._clips_per_step)
        count = share.stop - share.start
        length = len(batch.poses) // count
        random = np.random.default_rng([self.config.seed, self.step, 1])
        starts = random.integers(0, length - self.config.targets_per_clip + 1, self._clips_per_step)[share]
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.device)
        part_size = count // self.config.accumulate
        for first in range(0, count, part_size):
            part = batch[first * length : (first + part_size) * length].to(self.device)
            loss = self._loss(part, starts[first : first + part_size], length) / self.config.accumulate
            loss.backward()
            total += loss.detach()
        total = self.workers.average(self.model.parameters(), total)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
        self.optimizer.step()
        update_average(self.averaged, self.model.state_dict(), self.config.average, self.step)
        return float(total)

    def _loss(self, batch: ClipBatch, starts: np.ndarray, length: int) -> Tensor:
        """Compute the mean loss of some clips.

        Args:
            starts: for each clip, the first of its consecutive target frames.
            length: frames in a clip.
        """
        run = self.config.targets_per_clip
        middles = torch.from_numpy(
            np.concatenate([clip * length + start + np.arange(run) for clip, start in enumerate(starts)])
        ).to(self.device)
        kind = torch.device(self.device).type
        with torch.autocast(kind, torch.bfloat16, enabled=self.config.mixed_precision):
            bodies = refine_frames(self.model, batch, middles, length)
        with torch.no_grad():
            truth = batch.truth(self.model.body, middles)
        return refinement_loss(bodies, truth, self.config.loss, run)


def open_tensorboard(folder: Path) -> Any:
    """Open a TensorBoard writer in a folder; None if the package tensorboard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(folder / "tensorboard")


def remove_later_rows(path: Path, last_step: int) -> None:
    """Remove the rows after a step from a log: a run that was killed after writing them resumes at that step."""
    if path.exists():
        header, *rows = path.read_text().splitlines()
        kept = [row for row in rows if int(row.split(",")[0]) <= last_step]
        with atomic_path(path) as temporary:
            temporary.write_text("\n".join([header, *kept]) + "\n")
