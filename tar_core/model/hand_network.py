"""MediaPipe's lite hand-landmark network: 21 landmarks of the hand in a crop (Zhang et al. 2020, "MediaPipe Hands").

The weights were converted from the tflite file of npm @mediapipe/hands by `scripts/assets/convert_hand_landmarks.py`,
with batch normalization folded into the convolutions. Two of its heads are left out: that for landmarks in space,
which often takes a hand for one of the other side and turns it inside out (`tar_core.hands.joints` replaces it), and
that for the side, which is known.

    crop -> Encoder (inverted residuals as in EfficientNet-Lite) -> mean over the cells -> 2 heads
"""

from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn

from tar_core.model.convolution import ConvRelu6, StridedConv
from tar_core.model.hand_landmarks import HAND_CELLS, HAND_CODE_SIZE, NUM_HAND_LANDMARKS, HandLandmarks
from tar_core.model.person_detector import InvertedResidual
from tar_core.model.weights import load_weights


class PooledResidual(InvertedResidual):
    """An inverted residual of stride 2 whose shortcut is a maximum over 2 x 2 cells."""

    def forward(self, x: Tensor) -> Tensor:
        return self.project_expanded(self.expand(x)) + F.max_pool2d(x, 2)


def stage(channels: int, output_channels: int, kernel: int, depth: int, stride: int) -> list[InvertedResidual]:
    """Blocks of which the first one changes the size or the channels."""
    first = InvertedResidual(channels, output_channels, stride, kernel=kernel)
    return [first, *[InvertedResidual(output_channels, output_channels, kernel=kernel) for _ in range(depth - 1)]]


class HandLandmarkNetwork(nn.Module):
    """The whole network; `load_hand_landmarks` loads MediaPipe's weights."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = StridedConv(3, 24)
        self.stem_depthwise = ConvRelu6(24, 24, 3, padding=1, groups=24)
        self.stem_project = nn.Conv2d(24, 16, 1)
        self.blocks = nn.Sequential(
            PooledResidual(16, 16, stride=2, expansion=4),
            InvertedResidual(16, 16),
            *stage(16, 24, kernel=5, depth=2, stride=2),
            *stage(24, 48, kernel=3, depth=3, stride=2),
            *stage(48, 64, kernel=5, depth=3, stride=1),
            *stage(64, HAND_CELLS[0], kernel=5, depth=4, stride=2),
        )
        self.last_expand = ConvRelu6(HAND_CELLS[0], HAND_CODE_SIZE, 1)
        self.last_depthwise = ConvRelu6(HAND_CODE_SIZE, HAND_CODE_SIZE, 3, padding=1, groups=HAND_CODE_SIZE)
        self.presence_head = nn.Linear(HAND_CODE_SIZE, 1)
        self.point_head = nn.Linear(HAND_CODE_SIZE, NUM_HAND_LANDMARKS * 3)

    def forward(self, crops: Tensor) -> HandLandmarks:
        """Find the landmarks of the hand in each crop; fingers point up in a crop.

        Args:
            crops: [B, 3, 224, 224] RGB, 0 to 1.
        """
        x = self.stem_project(self.stem_depthwise(self.stem(crops)))
        cells = self.blocks(x)
        code = self.last_depthwise(self.last_expand(cells)).mean((2, 3))
        points = self.point_head(code).view(-1, NUM_HAND_LANDMARKS, 3)
        return HandLandmarks(
            # The origin of the original network is the corner of the crop, not the center of a pixel.
            points=points - points.new_tensor([0.5, 0.5, 0.0]),
            code=code,
            cells=cells,
            presence=self.presence_head(code).sigmoid().view(-1),
        )


def load_hand_landmarks(path: Path | None = None) -> HandLandmarkNetwork:
    """Load the network in evaluation mode, float32, on the CPU.

    Args:
        path: a safetensors file written by `scripts/assets/convert_hand_landmarks.py`. Default: the one in the package.

    Raises:
        TarError: the file is missing, damaged, or has the weights of another network.
    """
    model = HandLandmarkNetwork()
    load_weights(model, path, "hand_landmarks.safetensors")
    return model.eval()
