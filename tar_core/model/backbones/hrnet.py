"""HRNet-W48 (Wang et al. 2020): four parallel branches of different resolution that exchange features.

It is the backbone of the paper's rows with a dagger. Modules have the names of HRNet-Image-Classification, which the
official pose networks and timm share, so that their checkpoints can be loaded by name (`pretrained.py`).

    crop -> stem -> 1 .. 4 branches (strides 4, 8, 16, 32) -> classification head -> global vector
                                          +----------------> all at stride 4    -> local map
"""

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tar_core.model.backbones.resnet import MAP_CHANNELS, Bottleneck, bottlenecks, standardize
from tar_core.model.features import FrameFeatures, Landmarks

WIDTHS = (48, 96, 192, 384)  # channels of the branches
HEAD_CHANNELS = (32, 64, 128, 256)  # of the classification head's bottlenecks, a quarter of their outputs
VECTOR_SIZE = 2048


def conv_bn(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, rectify: bool = True) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), *([nn.ReLU()] if rectify else []))


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions around a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + x)


class HighResolutionModule(nn.Module):
    """Four blocks in each branch, then each branch becomes the sum of all, resampled to its resolution."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(BasicBlock(width) for _ in range(4))) for width in widths)
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(self._between(widths, source, target) for source in range(len(widths)))
            for target in range(len(widths))
        )

    @staticmethod
    def _between(widths: Sequence[int], source: int, target: int) -> nn.Module:
        if source == target:
            return nn.Identity()
        if source > target:
            grow = nn.Upsample(scale_factor=2 ** (source - target), mode="nearest")
            return nn.Sequential(*conv_bn(widths[source], widths[target], 1, rectify=False), grow)
        halvings = target - source
        steps = [conv_bn(widths[source], widths[source], stride=2) for _ in range(halvings - 1)]
        return nn.Sequential(*steps, conv_bn(widths[source], widths[target], stride=2, rectify=False))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        maps = [branch(x) for branch, x in zip(self.branches, maps, strict=True)]
        fused = []
        for layers in self.fuse_layers:
            assert isinstance(layers, nn.ModuleList)
            fused.append(F.relu(reduce(torch.add, [layer(x) for layer, x in zip(layers, maps, strict=True)])))
        return fused


class Stage(nn.Sequential):
    """A sequence of high-resolution modules."""

    def __init__(self, modules: int, branches: int) -> None:
        super().__init__(*(HighResolutionModule(WIDTHS[:branches]) for _ in range(modules)))


class HRNetW48(nn.Module):
    """The global vector is from the classification head; the local map from all branches, resampled to stride 4."""

    vector_size = VECTOR_SIZE
    map_channels = MAP_CHANNELS
    # Missing in checkpoints of pose networks.
    new_layers = ("local_head", "incre_modules", "downsamp_modules", "final_layer")

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = nn.Conv2d(64, 64, 3, 2, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.layer1 = bottlenecks(64, 64, 4)
        self.transition1 = nn.ModuleList([conv_bn(256, 48), nn.Sequential(conv_bn(256, 96, stride=2))])
        self.stage2 = Stage(1, 2)
        self.transition2 = self._another_branch(2)
        self.stage3 = Stage(4, 3)
        self.transition3 = self._another_branch(3)
        self.stage4 = Stage(3, 4)
        self.incre_modules = nn.ModuleList(
            nn.Sequential(Bottleneck(width, channels)) for width, channels in zip(WIDTHS, HEAD_CHANNELS, strict=True)
        )
        self.downsamp_modules = nn.ModuleList(
            nn.Sequential(nn.Conv2d(4 * finer, 4 * coarser, 3, 2, 1), nn.BatchNorm2d(4 * coarser), nn.ReLU())
            for finer, coarser in pairwise(HEAD_CHANNELS)
        )
        self.final_layer = nn.Sequential(
            nn.Conv2d(4 * HEAD_CHANNELS[-1], VECTOR_SIZE, 1), nn.BatchNorm2d(VECTOR_SIZE), nn.ReLU()
        )
        self.local_head = conv_bn(sum(WIDTHS), MAP_CHANNELS, 1)

    @staticmethod
    def _another_branch(branches: int) -> nn.ModuleList:
        """Keep the branches and add one from the coarsest."""
        new = nn.Sequential(conv_bn(WIDTHS[branches - 1], WIDTHS[branches], stride=2))
        return nn.ModuleList([*(nn.Identity() for _ in range(branches)), new])

    def branches(self, crops: Tensor) -> list[Tensor]:
        """Maps of 48, 96, 192 and 384 channels with 64, 32, 16 and 8 cells a side, of crops [B, 3, 256, 256]."""
        x = F.relu(self.bn1(self.conv1(standardize(crops))))
        x = self.layer1(F.relu(self.bn2(self.conv2(x))))
        maps = self.stage2([transition(x) for transition in self.transition1])
        for transition, stage in ((self.transition2, self.stage3), (self.transition3, self.stage4)):
            kept = [layer(branch) for layer, branch in zip(transition, maps, strict=False)]
            maps = stage([*kept, transition[-1](maps[-1])])
        return maps

    def forward(self, crops: Tensor) -> FrameFeatures:
        """Compute vectors [B, 2048] and maps [B, 256, 64, 64] of crops [B, 3, 256, 256] RGB, 0 to 1; no landmarks."""
        maps = self.branches(crops)
        y = self.incre_modules[0](maps[0])
        for shrink, widen, branch in zip(self.downsamp_modules, self.incre_modules[1:], maps[1:], strict=True):
            y = widen(branch) + shrink(y)
        vector = self.final_layer(y).mean((2, 3))
        side = maps[0].shape[-2:]
        grown = [F.interpolate(branch, side, mode="bilinear", align_corners=False) for branch in maps]
        local_map = self.local_head(torch.cat(grown, 1))
        return FrameFeatures(vector, local_map, Landmarks.unknown((len(crops),)).to(crops.device))
