"""ResNet-50 (He et al. 2016) with a decoder to 64 x 64 cells (Xiao et al. 2018).

It is the backbone of the paper's rows with an asterisk. Modules have the names of torchvision's ResNet and of the pose
networks of SimpleBaselines, so that their checkpoints can be loaded by name (`pretrained.py`).
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tar_core.model.features import FrameFeatures, Landmarks

MAP_CHANNELS = 256
# Statistics of ImageNet, RGB, 0 to 1. All checkpoints for these networks expect inputs standardized with them.
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def standardize(crops: Tensor) -> Tensor:
    """Standardize crops [B, 3, H, W] RGB, 0 to 1, with the statistics of ImageNet."""
    mean, deviation = (crops.new_tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_DEVIATION))
    return (crops - mean) / deviation


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3, 1 x 1 convolutions around a shortcut; the output has four times `channels`."""

    def __init__(self, inputs: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        outputs = 4 * channels
        self.conv1 = nn.Conv2d(inputs, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        return F.relu(self.bn3(self.conv3(y)) + self.downsample(x))


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Projection of a block's input to the shape of its output; the identity if the shapes are equal."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


def bottlenecks(inputs: int, channels: int, count: int, stride: int = 1) -> nn.Sequential:
    rest = (Bottleneck(4 * channels, channels) for _ in range(count - 1))
    return nn.Sequential(Bottleneck(inputs, channels, stride), *rest)


def deconvolutions(channels: Sequence[int]) -> nn.Sequential:
    """Transposed convolutions that each double the size of the map, with batch normalization and ReLU."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(channels):
        layers += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class ResNet50(nn.Module):
    """The global vector is the mean of the last map; the local map is decoded from it by transposed convolutions."""

    vector_size = 2048
    map_channels = MAP_CHANNELS
    new_layers = ("deconv_layers",)  # missing in checkpoints of classifiers

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = bottlenecks(64, 64, 3)
        self.layer2 = bottlenecks(256, 128, 4, stride=2)
        self.layer3 = bottlenecks(512, 256, 6, stride=2)
        self.layer4 = bottlenecks(1024, 512, 3, stride=2)
        self.deconv_layers = deconvolutions([2048, MAP_CHANNELS, MAP_CHANNELS, MAP_CHANNELS])

    def forward(self, crops: Tensor) -> FrameFeatures:
        """Compute vectors [B, 2048] and maps [B, 256, 64, 64] of crops [B, 3, 256, 256] RGB, 0 to 1; no landmarks."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(standardize(crops)))), 3, 2, 1)  # [B, 64, 64, 64]
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))  # [B, 2048, 8, 8]
        landmarks = Landmarks.unknown((len(crops),)).to(crops.device)
        return FrameFeatures(x.mean((2, 3)), self.deconv_layers(x), landmarks)


def initialize(layers: nn.Module, seed: int = 0) -> None:
    """Set random weights that are the same on every machine, so that untrained layers give the same features."""
    random = torch.Generator().manual_seed(seed)
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            inputs = layer.in_channels * layer.kernel_size[0] * layer.kernel_size[1]
            inputs //= layer.stride[0] ** 2 if isinstance(layer, nn.ConvTranspose2d) else 1
            nn.init.normal_(layer.weight, std=(2 / inputs) ** 0.5, generator=random)
