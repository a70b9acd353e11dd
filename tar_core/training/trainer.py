"""Trains TAR on cached features, on a CPU or a GPU; stops and resumes anywhere."""

import csv
import logging
import math
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
from tar_core.model.backbones.blazepose import POOLED
from tar_core.model.checkpoint import save_tar
from tar_core.model.states import Estimate
from tar_core.model.tar import TAR
from tar_core.rotations import axis_angle_to_matrix, matrix_to_rotation_6d
from tar_core.training.losses import LossConfig, refinement_loss
from tar_core.training.overlays import Overlays, write_overlay
from tar_core.training.parallel import Workers
from tar_core.training.simulated import LandmarkSimulator

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingConfig:
    """One run.

    Attributes:
        steps: optimizer steps in all.
        clips_per_step: clips in a batch, over all processes.
        accumulate: parts in which each process goes through its share of the batch: less memory, the same gradient.
        targets_per_clip: consecutive frames of each clip that are refined; their neighbors give the windows.
        learning_rate, warmup, weight_decay, clip_norm: AdamW with a cosine decay to zero.
        average: decay of the running average of the weights that is evaluated and saved.
        seed: of the batches' order (the network's initial weights have their own).
        report_every: steps between lines of the log; checkpoint_every: between saves and evaluations.
        simulated: share of the steps that see simulated landmarks instead of rendered pictures.
        hide_appearance: share of the rendered clips whose pooled features are hidden behind their mean: they tell less
            about real people than about rendered ones, and simulated landmarks come without.
        mixed_precision: the network's products in bfloat16, the body's and the losses in float32: 1.5 times faster on
            CPUs that have the instruction.
        use_maps: off for a warm-up without local maps: several times faster, and most of what the refinement learns
            first comes from the landmarks.
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
    """Holds the network, its optimizer and where the run stands.

    Args:
        model: trained in place.
        clips: training clips.
        test_clips: evaluated at every checkpoint.
        folder: gets `last.pt` (to resume), `tar.safetensors` (the averaged weights) and `log.csv`.
        simulator: makes the share of the steps that the configuration wants simulated.
        workers: the processes that train together.
        overlays: drawn at every checkpoint, into the folder `overlays`.
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
    ) -> None:
        if config.simulated > 0 and simulator is None:
            raise TarError("simulated landmarks need motions; give them")
        self.model = model.to(device)
        self.clips, self.test_clips = clips, test_clips
        self.config, self.folder, self.device, self.simulator = config, folder, device, simulator
        self.workers, self.overlays = workers or Workers(), overlays
        if self._clips_per_step % (self.workers.count * config.accumulate):
            raise TarError(
                f"{self._clips_per_step} clips a step cannot be shared among {self.workers.count} processes in"
                f" {config.accumulate} parts; choose a multiple"
            )
        self.step = 0
        self.optimizer = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=config.weight_decay)
        self.averaged = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        folder.mkdir(parents=True, exist_ok=True)
        self.board = open_board(folder) if self.workers.is_main else None

    def run(self) -> Scores:
        """Trains from the current step to the last; returns what the averaged weights then score."""
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
                self._show({"loss": loss, "learning rate": rate, "seconds per step": pace})
            if self.step % config.checkpoint_every == 0 or self.step == config.steps:
                scores = self.checkpoint(float(np.mean(running[-config.checkpoint_every :])))
        return scores or self._evaluate()

    def advance(self) -> float:
        """One step of the optimizer; returns its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        loss = self._train_step(self._batch())
        self.step += 1
        return loss

    def checkpoint(self, loss: float) -> Scores:
        """Evaluates the averaged weights on the test clips, logs the scores and saves everything."""
        scores = self._evaluate()
        log.info("step %d  test %s", self.step, scores)
        self._show({f"test {name}": value for name, value in vars(scores).items()})
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
        with atomic_path(self.folder / "last.pt") as temporary:
            torch.save(state, temporary)
        return scores

    def _show(self, values: dict[str, float]) -> None:
        """Curves for TensorBoard."""
        if self.board is not None:
            for name, value in values.items():
                self.board.add_scalar(name, value, self.step)

    def _evaluate(self) -> Scores:
        """Scores the averaged weights, and saves them."""
        trained = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        self.model.load_state_dict(self.averaged)
        scores = evaluate(self.model, self.test_clips, self.device, self.config.use_maps)
        if self.workers.is_main:
            save_tar(self.model, self.folder / "tar.safetensors", half=False)
            self._draw()
        self.model.load_state_dict(trained)
        return scores

    def _draw(self) -> None:
        """What the weights that were just evaluated see of some test clips."""
        if self.overlays is not None:
            picture = self.overlays.draw(self.model, self.device, self.config.use_maps)
            write_overlay(self.folder / "overlays" / f"step_{self.step:06d}.jpg", picture)
            if self.board is not None:
                self.board.add_image("test clips", picture, self.step, dataformats="HWC")

    def resume(self) -> bool:
        """Goes on where `last.pt` stands; False if there is none."""
        path = self.folder / "last.pt"
        if not path.exists():
            return False
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.step = state["step"]
        if self.workers.is_main:
            forget_rows(self.folder / "log.csv", self.step)
        self.model.load_state_dict(state["model"])
        self.averaged = state["averaged"]
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"].cpu())
        return True

    def _batch(self) -> ClipBatch:
        """This process's clips of the step; the choice depends on the seed and the step alone."""
        config = self.config
        random = np.random.default_rng([config.seed, self.step])
        count = self._clips_per_step
        own = self.workers.share(count)
        if self.simulator is not None and random.random() < config.simulated:
            batch = self.simulator.batch(count, random)
            length = len(batch.poses) // count
            return batch[own.start * length : own.stop * length]
        clips = self.clips.sample(count, random)
        reverse = random.random(count) < 0.5
        batch = self.clips.batch(clips[own], reverse[own].tolist(), config.use_maps)
        hidden = np.repeat(random.random(count)[own] < config.hide_appearance, self.clips.clip_length)
        batch.features.vector[torch.from_numpy(hidden), POOLED] = self.clips.pooled_mean
        return batch

    @property
    def _clips_per_step(self) -> int:
        return min(self.config.clips_per_step, len(self.clips))

    def _learning_rate(self) -> float:
        warm = min(1.0, (self.step + 1) / self.config.warmup)
        decay = 0.5 * (1 + math.cos(math.pi * self.step / self.config.steps))
        return self.config.learning_rate * warm * decay

    def _train_step(self, batch: ClipBatch) -> float:
        """One step of the optimizer on this process's clips and the others'; returns the loss of all."""
        self.model.train()
        if self.workers.count > 1:  # dropout differs between processes, and goes on alike after a resume
            torch.manual_seed(hash((self.config.seed, self.step, self.workers.rank)))
        own = self.workers.share(self._clips_per_step)
        count = own.stop - own.start
        length = len(batch.poses) // count
        random = np.random.default_rng([self.config.seed, self.step, 1])
        starts = random.integers(0, length - self.config.targets_per_clip + 1, self._clips_per_step)[own]
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.device)
        each = count // self.config.accumulate
        for first in range(0, count, each):
            part = batch[first * length : (first + each) * length].to(self.device)
            loss = self._loss(part, starts[first : first + each], length) / self.config.accumulate
            loss.backward()
            total += loss.detach()
        total = self.workers.average(self.model.parameters(), total)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
        self.optimizer.step()
        # Early on the average follows quickly, so that it isn't full of the random start.
        decay = min(self.config.average, (1 + self.step) / (10 + self.step))
        for name, tensor in self.model.state_dict().items():
            if tensor.is_floating_point():
                self.averaged[name].lerp_(tensor, 1 - decay)
            else:
                self.averaged[name].copy_(tensor)
        return float(total)

    def _loss(self, batch: ClipBatch, starts: np.ndarray, length: int) -> Tensor:
        """The mean loss of clips of `length` frames, each with a run of targets from its own start."""
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


def open_board(folder: Path) -> Any:
    """Writes curves to a folder, if the package tensorboard is installed; else None."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(folder / "tensorboard")


def forget_rows(path: Path, last_step: int) -> None:
    """Takes the rows after a step out of a log: they were written by a run that was killed and now goes on before."""
    if path.exists():
        header, *rows = path.read_text().splitlines()
        kept = [row for row in rows if int(row.split(",")[0]) <= last_step]
        with atomic_path(path) as temporary:
            temporary.write_text("\n".join([header, *kept]) + "\n")


@torch.no_grad()
def start_at_training_mean(model: TAR, clips: FeatureClips, sample: int = 200) -> None:
    """Gives an untrained network the training set's mean body and input scale to start from."""
    model.global_encoder.standardize(clips.vectors())
    count = min(sample, len(clips))
    batch = clips.batch(np.random.default_rng(0).choice(len(clips), count, replace=False).tolist(), maps=False)
    rotations = matrix_to_rotation_6d(axis_angle_to_matrix(batch.poses)).mean(0, keepdim=True)
    # People face every way, so that the mean orientation means nothing: start upright, facing the camera.
    rotations[:, 0] = torch.tensor([1.0, 0, 0, 0, -1, 0])
    crop_camera = batch.camera.crop_camera(batch.camera.roll_camera(batch.trans)).mean(0, keepdim=True)
    model.global_encoder.regressors.set_mean(Estimate(rotations, batch.betas.mean(0, keepdim=True), crop_camera))
