"""Person detector for single images: MediaPipe's SSD MobileNetV2 for Open Images (300x300), Person class only.

The weights are converted from the tflite file of the npm package @mediapipe/objectron by
`scripts/assets/convert_detector.py`. Liu et al., "SSD: Single Shot MultiBox Detector", 2016; Sandler et al.,
"MobileNetV2", 2018. Recall: 32 of 36 pedestrians (51 to 146 pixels tall) in frames of OpenCV's vtest.avi (768x576),
without a false positive, at a threshold of 0.4.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from tar_core.model.convolution import ConvRelu6, StridedConv
from tar_core.model.weights import load_weights

GRID_SIZES = (19, 10, 5, 3, 2, 1)  # cells per side of the six feature maps that predict boxes
MAP_CHANNELS = (576, 1280, 512, 256, 256, 128)
# Channels of the 1x1 and of the 3x3 convolution of each extra map.
EXTRA_CHANNELS = ((256, 512), (128, 256), (128, 256), (64, 128))
# Sides of the square anchors of the first and the last map, as fractions of the image's side.
SMALLEST_ANCHOR, LARGEST_ANCHOR = 0.2, 0.95
BOX_CODE_SCALES = (10.0, 10.0, 5.0, 5.0)  # of the encoded (y, x, height, width)


class InvertedResidual(nn.Module):
    """MobileNetV2's block: expand, depthwise convolution, project; residual if the shapes match."""

    def __init__(
        self, channels: int, output_channels: int, stride: int = 1, expansion: int = 6, kernel: int = 3
    ) -> None:
        super().__init__()
        expanded = channels * expansion
        self.expand = ConvRelu6(channels, expanded, 1)
        self.depthwise: ConvRelu6
        if stride == 2:
            self.depthwise = StridedConv(expanded, expanded, expanded, kernel)
        else:
            self.depthwise = ConvRelu6(expanded, expanded, kernel, padding=kernel // 2, groups=expanded)
        self.project = nn.Conv2d(expanded, output_channels, 1)
        self.is_residual = stride == 1 and channels == output_channels

    def project_expanded(self, expanded: Tensor) -> Tensor:
        """Apply all layers after the expansion."""
        return self.project(self.depthwise(expanded))

    def forward(self, x: Tensor) -> Tensor:
        y = self.project_expanded(self.expand(x))
        return x + y if self.is_residual else y


class MobileNetV2(nn.Module):
    """The backbone. Returns the 19x19 and the 10x10 feature map.

    The 19x19 map is the expanded one inside the block that reduces it to 10x10.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = StridedConv(3, 32)
        self.stem_depthwise = ConvRelu6(32, 32, 3, padding=1, groups=32)
        self.stem_project = nn.Conv2d(32, 16, 1)
        self.to_grid19 = nn.Sequential(
            InvertedResidual(16, 24, stride=2),
            InvertedResidual(24, 24),
            InvertedResidual(24, 32, stride=2),
            *[InvertedResidual(32, 32) for _ in range(2)],
            InvertedResidual(32, 64, stride=2),
            *[InvertedResidual(64, 64) for _ in range(3)],
            InvertedResidual(64, 96),
            *[InvertedResidual(96, 96) for _ in range(2)],
        )
        self.halving = InvertedResidual(96, 160, stride=2)
        self.to_grid10 = nn.Sequential(*[InvertedResidual(160, 160) for _ in range(2)], InvertedResidual(160, 320))
        self.last = ConvRelu6(320, 1280, 1)

    def forward(self, image: Tensor) -> list[Tensor]:
        x = self.stem_project(self.stem_depthwise(self.stem(image)))
        grid19 = self.halving.expand(self.to_grid19(x))  # [B, 576, 19, 19]
        x = self.to_grid10(self.halving.project_expanded(grid19))
        return [grid19, self.last(x)]  # [B, 1280, 10, 10]


class ExtraMap(nn.Module):
    """An additional feature map of half the resolution, for larger people."""

    def __init__(self, channels: int, reduced: int, output_channels: int) -> None:
        super().__init__()
        self.reduce = ConvRelu6(channels, reduced, 1)
        self.halve = StridedConv(reduced, output_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.halve(self.reduce(x))


class SSDPersonDetector(nn.Module):
    """The complete detector. `load_detector` creates one with weights."""

    anchors: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.backbone = MobileNetV2()
        self.extras = nn.ModuleList(
            ExtraMap(channels, *extra) for channels, extra in zip(MAP_CHANNELS[1:], EXTRA_CHANNELS, strict=False)
        )
        shapes = [anchor_shapes(level) for level in range(len(GRID_SIZES))]
        per_cell = [len(shape) for shape in shapes]
        self.box_heads = nn.ModuleList(nn.Conv2d(c, n * 4, 1) for c, n in zip(MAP_CHANNELS, per_cell, strict=True))
        self.person_heads = nn.ModuleList(nn.Conv2d(c, n, 1) for c, n in zip(MAP_CHANNELS, per_cell, strict=True))
        anchors = [place_anchors(shape, size) for shape, size in zip(shapes, GRID_SIZES, strict=True)]
        self.register_buffer("anchors", torch.from_numpy(np.concatenate(anchors)), persistent=False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Predict an encoded box and a logit for each of the 1917 anchors.

        Args:
            images: [B, 3, 300, 300] RGB in -1..1.

        Returns:
            Boxes encoded relative to their anchors, [B, 1917, 4] (see `decode`), and person logits [B, 1917].
        """
        maps = self.backbone(images.contiguous(memory_format=torch.channels_last))
        for extra in self.extras:
            maps.append(extra(maps[-1]))
        codes = [head(x).permute(0, 2, 3, 1).flatten(1) for head, x in zip(self.box_heads, maps, strict=True)]
        logits = [head(x).permute(0, 2, 3, 1).flatten(1) for head, x in zip(self.person_heads, maps, strict=True)]
        return torch.cat(codes, 1).unflatten(1, (-1, 4)), torch.cat(logits, 1)

    def decode(self, codes: Tensor) -> Tensor:
        """Decode boxes.

        Args:
            codes: [B, 1917, 4] as predicted by `forward`.

        Returns:
            [B, 1917, 4] x0, y0, x1, y1 as fractions of the square image's side.
        """
        y, x, height, width = (codes / codes.new_tensor(BOX_CODE_SCALES)).unbind(-1)
        anchor_x, anchor_y, anchor_width, anchor_height = self.anchors.unbind(-1)
        center = torch.stack([anchor_x + x * anchor_width, anchor_y + y * anchor_height], -1)
        half = torch.stack([anchor_width * width.exp(), anchor_height * height.exp()], -1) / 2
        return torch.cat([center - half, center + half], -1)


def anchor_shapes(level: int) -> np.ndarray:
    """Widths and heights [n, 2] of the anchors in each cell of a feature map, as fractions of the image's side."""
    last = len(GRID_SIZES) - 1

    def scale(level: int) -> float:
        return SMALLEST_ANCHOR + (LARGEST_ANCHOR - SMALLEST_ANCHOR) * level / last

    def shape(ratio: float) -> tuple[float, float]:
        return scale(level) * math.sqrt(ratio), scale(level) / math.sqrt(ratio)

    if level == 0:
        return np.array([(0.1, 0.1), shape(2.0), shape(0.5)], np.float32)
    between = math.sqrt(scale(level) * (scale(level + 1) if level < last else 1.0))
    ratios = (1.0, 2.0, 0.5, 3.0, 0.3333)  # the last one is rounded as in the original configuration
    return np.array([*map(shape, ratios), (between, between)], np.float32)


def place_anchors(shapes: np.ndarray, size: int) -> np.ndarray:
    """Place anchors of all shapes [n, 2] in each cell of a feature map, row by row.

    Returns:
        [size * size * n, 4] center x, center y, width, height as fractions of the image's side.
    """
    middles = (np.arange(size, dtype=np.float32) + 0.5) / size
    y, x = np.meshgrid(middles, middles, indexing="ij")
    centers = np.stack([x, y], -1).reshape(-1, 1, 2)
    count = (len(centers), len(shapes), 2)
    return np.concatenate([np.broadcast_to(centers, count), np.broadcast_to(shapes, count)], -1).reshape(-1, 4)


def load_detector(path: Path | None = None) -> SSDPersonDetector:
    """Load the detector in evaluation mode, float32, on the CPU.

    Args:
        path: a safetensors file written by `scripts/assets/convert_detector.py`; None for the one in the package.

    Raises:
        TarError: the file is missing, damaged or of another network.
    """
    model = SSDPersonDetector()
    load_weights(model, path, "ssd_person.safetensors")
    return model.eval()
