"""GTE, the global temporal encoder: T global vectors -> 26 hidden states and the initial body of the middle frame."""

import torch
from torch import Tensor, nn

from tar_core.model.config import NUM_STATES, TARConfig
from tar_core.model.states import Estimate, StateRegressors

MAX_DEVIATIONS = 6.0  # standardized inputs are clipped there: a dead channel that wakes up must not drown the rest
BOX_SIZE = 3


class GlobalTemporalEncoder(nn.Module):
    """f_{t-4..t+4} -> hidden states h [B, 26, H] and the initial theta, betas, camera (paper, section 3.2).

    A transformer encoder over the window and the configuration's far frames, a learned weighted average over time (a
    1D convolution whose kernel spans them all), an MLP to the 26 states and, from each of them together with CLIFF's
    box vector, a regressor.
    With `use_global` off, the middle frame's vector goes to the MLP by itself.
    """

    vector_mean: Tensor
    vector_deviation: Tensor

    def __init__(self, config: TARConfig) -> None:
        super().__init__()
        width = config.global_width
        self.config = config
        self.register_buffer("vector_mean", torch.zeros(config.vector_size))
        self.register_buffer("vector_deviation", torch.ones(config.vector_size))
        self.embed = nn.Sequential(
            nn.Dropout(config.dropout / 2),
            nn.Linear(config.vector_size + BOX_SIZE, width),
            nn.LayerNorm(width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(width, width),
        )
        if config.use_global:
            self.position = nn.Parameter(0.02 * torch.randn(len(config.offsets), width))
            layer = nn.TransformerEncoderLayer(
                width,
                config.global_heads,
                2 * width,
                config.dropout,
                "gelu",
                batch_first=True,
                norm_first=True,
            )
            self.transformer = nn.TransformerEncoder(layer, config.global_layers, enable_nested_tensor=False)
            for block in self.transformer.layers.children():
                assert isinstance(block, nn.TransformerEncoderLayer)
                # The encoder starts as the identity, so that a per-frame network can be its warm start.
                nn.init.zeros_(block.self_attn.out_proj.weight)
                nn.init.zeros_(block.linear2.weight)
            self.average = nn.Conv1d(width, width, len(config.offsets), groups=width)
            # ... and the average at the middle frame alone.
            for parameter in self.average.parameters():
                nn.init.zeros_(parameter)
            nn.init.ones_(self.average.weight[:, :, len(config.offsets) // 2])
        self.states = nn.Sequential(
            nn.LayerNorm(width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(width, width),
            nn.LayerNorm(width),
            nn.GELU(),
            nn.Linear(width, NUM_STATES * config.hidden),
            nn.Tanh(),
        )
        self.regressors = StateRegressors(config.hidden + BOX_SIZE)

    def forward(self, vectors: Tensor, boxes: Tensor) -> tuple[Tensor, Estimate]:
        """vectors [B, T, C] and box vectors [B, T, 3] -> hidden states [B, 26, H], initial estimate."""
        middle = boxes.shape[1] // 2
        x = self.embed_frames(vectors, boxes)
        return self.from_embedded(x, boxes[:, middle])

    def embed_frames(self, vectors: Tensor, boxes: Tensor) -> Tensor:
        """The part that needs one frame alone: [..., C], [..., 3] -> [..., width]; windows share it."""
        x = (vectors - self.vector_mean) / self.vector_deviation
        return self.embed(torch.cat([x.clamp(-MAX_DEVIATIONS, MAX_DEVIATIONS), boxes], -1))

    def from_embedded(self, x: Tensor, middle_box: Tensor) -> tuple[Tensor, Estimate]:
        """The part over the window: [B, T, width] and the middle frame's box vector [B, 3]."""
        if self.config.use_global:
            x = self.transformer(x + self.position)
            x = self.average(x.transpose(1, 2))[..., 0]
        else:
            x = x[:, x.shape[1] // 2]
        hidden = self.states(x).view(-1, NUM_STATES, self.config.hidden)
        box = middle_box[:, None].expand(-1, NUM_STATES, -1)
        return hidden, self.regressors(torch.cat([hidden, box], -1))

    @torch.no_grad()
    def standardize(self, vectors: Tensor, floor: float = 1e-3) -> None:
        """Takes the mean and deviation of training vectors [N, C] as the input's scale."""
        self.vector_mean.copy_(vectors.mean(0))
        self.vector_deviation.copy_(vectors.std(0) + floor)
