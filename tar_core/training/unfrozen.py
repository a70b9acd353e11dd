"""Trains TAR together with its backbone, BlazePose, on people that are rendered meanwhile.

On rendered people, the loss is that of TAR, whose gradient reaches the backbone. On real crops, whose truth nobody
knows, the 2D landmarks and confidences are held at those of the frozen BlazePose (distillation). So the backbone can
learn depth without forgetting where real people are in the image, which all the tracking depends on. The batch
normalization of BlazePose is unfolded for the training (model/backbones/unfolded.py).
"""

import copy
import io
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from tar_core.camera.crop import CROP_SIZE
from tar_core.datasets.features import FeatureClips, cache_shard, crops_of, with_labels
from tar_core.datasets.shards import CLIP_FRAMES, Clip
from tar_core.evaluation.clips import Scores, evaluate, refine_frames
from tar_core.files import atomic_path
from tar_core.model.backbones.blazepose import BlazePose
from tar_core.model.backbones.pretrained import copy_backbone, save_backbone
from tar_core.model.backbones.unfolded import folded_state, unfold
from tar_core.model.checkpoint import save_tar
from tar_core.model.config import BLAZEPOSE
from tar_core.model.features import Landmarks
from tar_core.model.tar import TAR
from tar_core.training.losses import LossConfig, refinement_loss
from tar_core.training.schedule import learning_rate_factor, update_average

log = logging.getLogger(__name__)

STATE, WEIGHTS = "last.pt", "trained"  # in the folder of a run


@dataclass(frozen=True)
class UnfrozenConfig:
    """The settings of a run.

    Attributes:
        steps: total number of optimizer steps.
        clips_per_step: rendered clips of nine frames.
        real_per_step: real crops.
        backbone_rate, network_rate: learning rates of the backbone and of TAR; they rise linearly for `warmup` steps
            and decay to zero with a cosine.
        targets_per_clip: consecutive frames of each clip that are refined.
        distillation: weight of the loss on real crops.
        average: decay of the running average of the weights, which is evaluated and saved.
        save_every: steps between states from which a run can be resumed.
        mixed_precision: compute TAR in bfloat16; landmarks in 256 pixels need more, so the backbone is in float32.
        loss: weights of the terms on rendered clips.
    """

    steps: int = 4000
    clips_per_step: int = 16
    real_per_step: int = 32
    backbone_rate: float = 5e-6
    network_rate: float = 5e-5
    warmup: int = 200
    targets_per_clip: int = 5
    distillation: float = 3.0
    average: float = 0.995
    save_every: int = 200
    mixed_precision: bool = False
    loss: LossConfig = field(default_factory=LossConfig)


class UnfrozenTrainer:
    """The state of a run.

    Args:
        model, backbone: trained, in place.
        take: renders new clips.
        real: [N, 3, S, S] real crops of people with some of their surroundings, RGB from 0 to 1; S is at least the side
            of a crop.
        config: the settings.
        folder: of the state from which the run can be resumed.
        device: a torch device.
    """

    def __init__(
        self,
        model: TAR,
        backbone: BlazePose,
        take: Callable[[int], list[Clip]],
        real: Tensor,
        config: UnfrozenConfig,
        folder: Path,
        device: str = "cpu",
    ) -> None:
        self.config, self.folder, self.device = config, folder, device
        self.model, self.take, self.real = model.to(device).train(), take, real
        self.teacher = copy.deepcopy(backbone).to(device).eval()
        self.backbone = backbone.to(device).eval()
        typical = torch.cat([crops_of(take(1)), self._real_crops(np.random.default_rng(0), CLIP_FRAMES)])
        unfold(self.backbone, lambda: self.backbone(typical.to(device)))
        groups = [
            {"params": list(self.backbone.parameters()), "rate": config.backbone_rate},
            {"params": list(self.model.parameters()), "rate": config.network_rate},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=0.0, weight_decay=0.0)
        self.step = 0
        self.averaged = {name: tensor.clone() for name, tensor in self._weights().items()}
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, deadline: float = math.inf) -> bool:
        """Train to the last step, or to a time of `time.monotonic`; return whether the last step was reached."""
        began, first = time.monotonic(), self.step
        while self.step < self.config.steps and time.monotonic() < deadline:
            rendered, held = self.advance()
            if self.step % 20 == 0 or self.step == self.config.steps:
                pace = (time.monotonic() - began) / (self.step - first)
                log.info("step %d  rendered %.4f  real %.4f  %.2f s/step", self.step, rendered, held, pace)
            if self.step % self.config.save_every == 0:
                self.save_state()
        self.save_state()
        return self.step >= self.config.steps

    def advance(self) -> tuple[float, float]:
        """Do an optimizer step; return the losses on rendered clips and on real crops."""
        config = self.config
        for group in self.optimizer.param_groups:
            group["lr"] = group["rate"] * learning_rate_factor(self.step, config.steps, config.warmup)
        self.optimizer.zero_grad(set_to_none=True)
        rendered = self._rendered_loss(self.take(config.clips_per_step))
        rendered.backward()
        held = self.drift_loss(self._real_crops(np.random.default_rng([self.step, 1]), config.real_per_step))
        (config.distillation * held).backward()
        torch.nn.utils.clip_grad_norm_([p for group in self.optimizer.param_groups for p in group["params"]], 1.0)
        self.optimizer.step()
        update_average(self.averaged, self._weights(), config.average, self.step)
        self.step += 1
        return float(rendered.detach()), float(held.detach())

    def _rendered_loss(self, clips: Sequence[Clip]) -> Tensor:
        batch = with_labels(clips, self.backbone(crops_of(clips).to(self.device)))
        run = self.config.targets_per_clip
        random = np.random.default_rng([self.step, 0])
        starts = random.integers(0, CLIP_FRAMES - run + 1, len(clips)) + CLIP_FRAMES * np.arange(len(clips))
        middles = torch.from_numpy((starts[:, None] + np.arange(run)).ravel()).to(self.device)
        kind = torch.device(self.device).type
        with torch.autocast(kind, torch.bfloat16, enabled=self.config.mixed_precision):
            bodies = refine_frames(self.model, batch, middles, CLIP_FRAMES)
        with torch.no_grad():
            truth = batch.truth(self.model.body, middles)
        return refinement_loss(bodies, truth, self.config.loss, run)

    def drift_loss(self, crops: Tensor) -> Tensor:
        """How far landmarks and confidences are from those of the frozen BlazePose; landmarks in units of half a crop.

        Args:
            crops: [N, 3, 256, 256] RGB from 0 to 1.
        """
        ours, frozen = self._both(crops)
        distances = (ours.points - frozen.points).norm(dim=-1) / (CROP_SIZE / 2)
        seen = frozen.presence * frozen.score[:, None]
        confidence = (ours.visibility - frozen.visibility).abs().mean() + (ours.presence - frozen.presence).abs().mean()
        return (
            (seen * distances).sum() / seen.sum().clamp_min(1) + confidence + (ours.score - frozen.score).abs().mean()
        )

    @torch.no_grad()
    def drift(self, count: int = 64) -> float:
        """Mean distance of 2D landmarks on real crops from those of the frozen BlazePose, crop pixels."""
        ours, frozen = self._both(self._real_crops(np.random.default_rng(7), count))
        seen = frozen.presence * frozen.score[:, None]
        return float((seen * (ours.points - frozen.points).norm(dim=-1)).sum() / seen.sum().clamp_min(1))

    def _both(self, crops: Tensor) -> tuple[Landmarks, Landmarks]:
        with torch.no_grad():
            frozen = self.teacher(crops.to(self.device)).landmarks
        return self.backbone(crops.to(self.device)).landmarks, frozen

    def _real_crops(self, random: np.random.Generator, count: int) -> Tensor:
        """Cut crops at random places, sizes and angles from the real pictures."""
        pictures = self.real[random.integers(len(self.real), size=count)].permute(0, 2, 3, 1).numpy()
        return torch.from_numpy(np.stack([jittered(picture, random) for picture in pictures])).permute(0, 3, 1, 2)

    def _weights(self) -> dict[str, Tensor]:
        parts = {"backbone": self.backbone, "network": self.model}
        return {
            f"{part}.{name}": tensor for part, module in parts.items() for name, tensor in module.state_dict().items()
        }

    def _load(self, weights: dict[str, Tensor]) -> None:
        for part, module in (("backbone.", self.backbone), ("network.", self.model)):
            own = {name.removeprefix(part): tensor for name, tensor in weights.items() if name.startswith(part)}
            module.load_state_dict(own)

    def save_state(self) -> None:
        """Write the state from which the run can be resumed."""
        state = {"step": self.step, "weights": self._weights(), "averaged": self.averaged}
        packed = io.BytesIO()
        torch.save({**state, "optimizer": self.optimizer.state_dict()}, packed)
        with atomic_path(self.folder / STATE) as temporary:
            temporary.write_bytes(packed.getbuffer())

    def resume(self) -> bool:
        """Load the state, if there is one; return whether there is."""
        if not (self.folder / STATE).is_file():
            return False
        state = torch.load(self.folder / STATE, map_location=self.device, weights_only=True)
        self.step, self.averaged = state["step"], state["averaged"]
        self._load(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        return True

    def score(self, test: Sequence[Clip]) -> tuple[Scores, float]:
        """Scores of the averaged weights on rendered clips, and their drift on real crops in pixels."""
        trained = {name: tensor.clone() for name, tensor in self._weights().items()}
        self._load(self.averaged)
        file = self.folder / "test" / "clips.safetensors"
        file.parent.mkdir(exist_ok=True)
        cache_shard(list(test), lambda crops: self.backbone(crops.to(self.device)).to("cpu"), file)
        scores, drift = evaluate(self.model, FeatureClips(file.parent), self.device), self.drift()
        self._load(trained)
        self.model.train()
        return scores, drift

    def write(self, folder: Path) -> list[Path]:
        """Write the averaged weights for capture: TAR's checkpoint and the backbone beside it, in half precision."""
        folder.mkdir(parents=True, exist_ok=True)
        trained = {name: tensor.clone() for name, tensor in self._weights().items()}
        self._load(self.averaged)
        plain = BlazePose()
        plain.load_state_dict(folded_state(self.backbone))
        checkpoint, own = folder / "tar.safetensors", folder / f"{BLAZEPOSE}.safetensors"
        save_backbone(plain, own, half=True)
        save_tar(self.model, checkpoint, notes=copy_backbone(own, BLAZEPOSE, checkpoint))
        self._load(trained)
        return [checkpoint, own]


def jittered(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A crop of a picture [S, S, 3] at a random place, size and angle, perhaps mirrored and of another brightness.

    Returns:
        [256, 256, 3] float32, 0 to 1.
    """
    side = picture.shape[0]
    scale = CROP_SIZE / side * random.uniform(1.0, 1.4)
    turn: np.ndarray = np.array(cv2.getRotationMatrix2D(((side - 1) / 2,) * 2, random.uniform(-20, 20), scale), float)
    turn[:, 2] += (CROP_SIZE - side) / 2 + random.uniform(-12, 12, 2)
    crop = cv2.warpAffine(
        picture, turn, (CROP_SIZE, CROP_SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if random.random() < 0.5:
        crop = crop[:, ::-1]
    return np.clip(crop * random.uniform(0.7, 1.3), 0, 1).astype(np.float32)
