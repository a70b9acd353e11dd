"""MediaPipe's face-landmark network: 468 landmarks of the face in a crop (Kartynnik et al. 2019).

The weights were converted from the tflite file in npm @mediapipe/face_mesh by
`scripts/assets/convert_face_landmarks.py`.

    crop -> Trunk (residuals of depthwise convolutions, as in BlazeFace) -> a head for landmarks, a head for presence
"""

from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn

from tar_core.model.face_landmarks import NUM_FACE_LANDMARKS, FaceLandmarks
from tar_core.model.weights import load_weights


class HalvingConv(nn.Conv2d):
    """A 3 x 3 convolution of stride 2 with TensorFlow's SAME padding of even sizes: right and bottom only, if odd."""

    def __init__(self, channels: int, output_channels: int, groups: int = 1, bias: bool = True) -> None:
        super().__init__(channels, output_channels, 3, stride=2, groups=groups, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        before = x.shape[-1] % 2
        return super().forward(F.pad(x, (before, 1, before, 1)))


class Residual(nn.Module):
    """A depthwise and a 1 x 1 convolution beside a shortcut; with stride 2, a maximum over 2 x 2 cells.

    Missing channels of the shortcut are zero.
    """

    def __init__(self, channels: int, output_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = (
            HalvingConv(channels, channels, channels, bias=False)
            if stride == 2
            else nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        )
        self.pointwise = nn.Conv2d(channels, output_channels, 1)
        self.slopes = nn.PReLU(output_channels)
        self.stride, self.missing = stride, output_channels - channels

    def forward(self, x: Tensor) -> Tensor:
        shortcut = F.max_pool2d(x, 2) if self.stride == 2 else x
        if self.missing:
            shortcut = F.pad(shortcut, (0, 0, 0, 0, 0, self.missing))
        return self.slopes(shortcut + self.pointwise(self.depthwise(x)))


def head(blocks: int, outputs: int) -> nn.Sequential:
    """From the trunk's 6 x 6 cells to some numbers."""
    return nn.Sequential(
        Residual(128, 128, stride=2),
        *[Residual(128, 128) for _ in range(blocks)],
        nn.Conv2d(128, 32, 1),
        nn.PReLU(32),
        Residual(32, 32),
        nn.Conv2d(32, outputs, 3),
    )


class FaceLandmarkNetwork(nn.Module):
    """The whole network; `load_face_landmarks` loads MediaPipe's weights."""

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = [HalvingConv(3, 16), nn.PReLU(16)]
        channels = 16
        for output_channels in (16, 32, 64, 128, 128):
            stride = 1 if output_channels == 16 else 2
            blocks.append(Residual(channels, output_channels, stride))
            blocks += [Residual(output_channels, output_channels) for _ in range(stride)]
            channels = output_channels
        self.trunk = nn.Sequential(*blocks)
        self.point_head = head(2, NUM_FACE_LANDMARKS * 3)
        self.presence_head = head(0, 1)

    def forward(self, crops: Tensor) -> FaceLandmarks:
        """Find the landmarks of the face in each crop; the forehead points up in a crop.

        Args:
            crops: [B, 3, 192, 192] RGB, 0 to 1.
        """
        x = self.trunk(crops)  # [B, 128, 6, 6]
        points = self.point_head(x).view(-1, NUM_FACE_LANDMARKS, 3)
        return FaceLandmarks(
            # The origin of the original network is the corner of the crop, not the center of a pixel.
            points=points - points.new_tensor([0.5, 0.5, 0.0]),
            presence=self.presence_head(x).sigmoid().view(-1),
        )


def load_face_landmarks(path: Path | None = None) -> FaceLandmarkNetwork:
    """Load the network in evaluation mode, float32, on the CPU.

    Args:
        path: a safetensors file written by `scripts/assets/convert_face_landmarks.py`. Default: the one in the package.

    Raises:
        TarError: the file is missing, damaged, or has the weights of another network.
    """
    model = FaceLandmarkNetwork()
    load_weights(model, path, "face_landmarks.safetensors")
    return model.eval()
