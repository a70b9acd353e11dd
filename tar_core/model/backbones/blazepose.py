"""MediaPipe's heavy pose-landmark network (BlazePose GHUM, Bazarevsky et al. 2020, Grishchenko et al. 2022).

The weights were converted from the tflite file of npm @mediapipe/pose by `scripts/assets/convert_blazepose.py`, with
batch normalization folded into the convolutions. The file's branches for segmentation and heatmaps are not used and are
left out.

    crop -> Encoder -> pyramid (strides 4, 8, 16, 32) -> MapDecoder -> local map (stride 4)
                                         |                               |
                                         +------> LandmarkEncoder <------+ -> three heads
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tar_core.model.convolution import ConvRelu6
from tar_core.model.features import DEPTHS, NUM_LANDMARKS, POOLED, VECTOR_SIZE, WORLD, FrameFeatures, Landmarks
from tar_core.model.weights import load_weights

INPUT_SIZE = 256
PYRAMID_CHANNELS = (32, 56, 160, 1632)  # channels of the encoder's maps at strides 4, 8, 16, 32
MAP_CHANNELS = 48
LANDMARK_CHANNELS = (96, 192, 288, 288, 288)  # channels of the landmark encoder's maps at strides 8 to 128
LANDMARK_DEPTHS = (6, 7, 7, 7, 7)  # number of blocks with stride 1 at each of these strides


def hide_inputs(features: FrameFeatures, hidden: Sequence[str]) -> FrameFeatures:
    """Set the parts named in `hidden` to zero, or remove the map; see `TARConfig.hidden_inputs`."""
    if not hidden:
        return features
    vector, local_map, landmarks = features.vector.clone(), features.local_map, features.landmarks
    if "pooled" in hidden:
        vector[..., POOLED] = 0
    if "depth" in hidden:
        vector[..., DEPTHS] = 0
        vector[..., WORLD] = 0
        landmarks = replace(landmarks, world=torch.zeros_like(landmarks.world))
    if "map" in hidden:
        local_map = local_map[..., :0, :, :]
    return FrameFeatures(vector, local_map, landmarks)


class InvertedResidual(nn.Module):
    """MobileNetV2's block: expand, filter each channel, project; added to the input if the shapes are equal."""

    def __init__(self, channels: int, expansion: int, output_channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        expanded = channels * expansion
        self.expand = ConvRelu6(channels, expanded, 1)
        self.depthwise = ConvRelu6(expanded, expanded, kernel, stride, kernel // 2, groups=expanded)
        self.project = nn.Conv2d(expanded, output_channels, 1)
        self.is_residual = stride == 1 and channels == output_channels

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return y.add_(x) if self.is_residual else y


class SeparableConv(nn.Module):
    """A 3 x 3 convolution of each channel, then a 1 x 1 convolution."""

    def __init__(self, channels: int, output_channels: int) -> None:
        super().__init__()
        self.depthwise = ConvRelu6(channels, channels, 3, padding=1, groups=channels)
        self.pointwise = ConvRelu6(channels, output_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(x))


class SeparableResidual(nn.Module):
    """BlazeNet's block: x + separable convolution of x. With stride 2, the shortcut is a maximum over 2 x 2 cells.

    If the shortcut has fewer channels than the output, it is padded with zeros.
    """

    def __init__(self, channels: int, output_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.missing_channels = output_channels - channels
        # TensorFlow's SAME padding is symmetric for stride 1, but only right and bottom for stride 2.
        self.depthwise = ConvRelu6(channels, channels, 3, stride, 1 if stride == 1 else 0, groups=channels)
        self.pointwise = nn.Conv2d(channels, output_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        filtered, shortcut = x, x
        if self.stride == 2:
            filtered = F.pad(x, (0, 1, 0, 1))
            shortcut = F.max_pool2d(x, 2)
        if self.missing_channels:
            shortcut = F.pad(shortcut, (0, 0, 0, 0, 0, self.missing_channels))
        y = self.pointwise(self.depthwise(filtered))
        return F.relu6(y.add_(shortcut), inplace=True)


class Encoder(nn.Module):
    """Inverted residuals down to 8 x 8 cells; returns the maps at strides 4, 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvRelu6(3, 24, 3, stride=2, padding=1)
        self.stem_depthwise = ConvRelu6(24, 24, 3, padding=1, groups=24)
        self.stem_project = nn.Conv2d(24, 24, 1)
        self.stride4 = nn.Sequential(
            InvertedResidual(24, 4, 32, kernel=3, stride=2),
            InvertedResidual(32, 4, 32, kernel=3),
            *[InvertedResidual(32, 6, 32, kernel=3) for _ in range(2)],
        )
        self.stride8 = nn.Sequential(
            InvertedResidual(32, 6, 56, kernel=5, stride=2),
            *[InvertedResidual(56, 6, 56, kernel=5) for _ in range(3)],
        )
        self.stride16 = nn.Sequential(
            InvertedResidual(56, 6, 112, kernel=3, stride=2),
            *[InvertedResidual(112, 6, 112, kernel=3) for _ in range(5)],
            InvertedResidual(112, 6, 160, kernel=5),
            *[InvertedResidual(160, 6, 160, kernel=5) for _ in range(5)],
        )
        self.stride32 = nn.Sequential(
            InvertedResidual(160, 6, 272, kernel=5, stride=2),
            *[InvertedResidual(272, 6, 272, kernel=5) for _ in range(7)],
        )
        self.last_expand = ConvRelu6(272, 1632, 1)
        self.last_depthwise = ConvRelu6(1632, 1632, 3, padding=1, groups=1632)

    def forward(self, image: Tensor) -> list[Tensor]:
        x = self.stem_project(self.stem_depthwise(self.stem(image)))
        stride4 = self.stride4(x)  # [B, 32, 64, 64]
        stride8 = self.stride8(stride4)  # [B, 56, 32, 32]
        stride16 = self.stride16(stride8)  # [B, 160, 16, 16]
        stride32 = self.last_depthwise(self.last_expand(self.stride32(stride16)))  # [B, 1632, 8, 8]
        return [stride4, stride8, stride16, stride32]


class MapDecoder(nn.Module):
    """A feature pyramid: each level is convolved to 48 channels and added to the upsampled coarser level."""

    def __init__(self) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(SeparableConv(channels, MAP_CHANNELS) for channels in PYRAMID_CHANNELS)

    def forward(self, pyramid: list[Tensor]) -> Tensor:
        finer_to_coarser = [lateral(level) for lateral, level in zip(self.laterals, pyramid, strict=True)]
        x = finer_to_coarser.pop()
        while finer_to_coarser:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = x.add_(finer_to_coarser.pop())
        return x  # [B, 48, 64, 64]


class LandmarkEncoder(nn.Module):
    """Encodes the local map to 2 x 2 cells, adding the encoder's maps at strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        channels = MAP_CHANNELS
        for output_channels, depth in zip(LANDMARK_CHANNELS, LANDMARK_DEPTHS, strict=True):
            blocks = [SeparableResidual(output_channels, output_channels) for _ in range(depth)]
            self.stages.append(nn.Sequential(SeparableResidual(channels, output_channels, stride=2), *blocks))
            channels = output_channels
        self.laterals = nn.ModuleList(map(SeparableConv, PYRAMID_CHANNELS[1:], LANDMARK_CHANNELS))

    def forward(self, local_map: Tensor, pyramid: list[Tensor]) -> Tensor:
        x = local_map
        for stage, lateral, level in zip(self.stages, self.laterals, pyramid[1:], strict=False):
            x = stage(x) + lateral(level)
        for stage in self.stages[len(self.laterals) :]:
            x = stage(x)
        return x  # [B, 288, 2, 2]


class BlazePose(nn.Module):
    """The whole network; `load_blazepose` loads MediaPipe's weights."""

    vector_size = VECTOR_SIZE
    map_channels = MAP_CHANNELS

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = MapDecoder()
        self.landmark_encoder = LandmarkEncoder()
        self.landmark_head = nn.Conv2d(LANDMARK_CHANNELS[-1], NUM_LANDMARKS * 5, 2)
        self.world_head = nn.Conv2d(LANDMARK_CHANNELS[-1], NUM_LANDMARKS * 3, 2)
        self.score_head = nn.Conv2d(LANDMARK_CHANNELS[-1], 1, 2)

    def forward(self, crops: Tensor) -> FrameFeatures:
        """Compute the features of upright, square person crops.

        On a CPU, `pack_convolutions` makes this faster, and more than four crops at once make it slower per crop.

        Args:
            crops: [B, 3, 256, 256] RGB, 0 to 1.
        """
        pyramid = self.encoder(crops.contiguous(memory_format=torch.channels_last))
        local_map = self.decoder(pyramid)
        code = self.landmark_encoder(local_map, pyramid)

        # x, y, z in crop pixels with the corner of the crop as the origin (not the center of a pixel), and two logits.
        raw = self.landmark_head(code).view(-1, NUM_LANDMARKS, 5)
        confidences = raw[..., 3:].sigmoid()
        world = self.world_head(code).view(-1, NUM_LANDMARKS, 3)
        landmarks = Landmarks(
            points=raw[..., :2] - 0.5,
            visibility=confidences[..., 0],
            presence=confidences[..., 1],
            world=world,
            score=self.score_head(code).sigmoid().view(-1),
        )
        half = INPUT_SIZE / 2
        parts = [pyramid[-1].mean((2, 3)), raw[..., :2] / half - 1, raw[..., 2] / half, confidences, world * 2]
        vector = torch.cat([part.flatten(1) for part in parts], 1)
        return FrameFeatures(vector, local_map, landmarks)


def load_blazepose(path: Path | None = None) -> BlazePose:
    """Load MediaPipe's network in evaluation mode, float32, on the CPU.

    Args:
        path: a safetensors file written by `scripts/assets/convert_blazepose.py`. Default: the one in the package.

    Raises:
        TarError: the file is missing, damaged, or has the weights of another network.
    """
    model = BlazePose()
    load_weights(model, path, "blazepose.safetensors")
    return model.eval()
