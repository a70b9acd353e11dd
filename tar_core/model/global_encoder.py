"""GTE, the global transformer encoder: the temporal features of a window, and an initial estimate of the body."""

import torch
from torch import Tensor, nn

from tar_core.model.config import NUM_STATES, TARConfig
from tar_core.model.states import Estimate, StateRegressors

MAX_DEVIATIONS = 6.0  # standardized inputs are clipped, as channels that were constant in training can become huge
BOX_SIZE = 3  # size of CLIFF's box vector


class GlobalTransformerEncoder(nn.Module):
    """Encodes f_{t-4}, ..., f_{t+4} to hidden states h and initial theta, beta and camera pi (paper, section 3.2).

        x_i = embed(f_i, box_i) + position_i          for each frame i of the window
        y_i = Transformer(x)_i
        y   = sum_i w_i * y_i                         learned weighted average over time (a 1D convolution)
        h   = MLP(y)                                  26 states: global orientation, 23 joints, shape, camera
        (theta, beta, pi)_0 = Regressor_k(h_k, box)   for each state k

    The window includes `config.far_frames`, and `box` is CLIFF's box vector. With `use_global` off, y is the embedded
    vector of the middle frame.
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
                # Start as the identity, so that training can start from a network for single frames.
                nn.init.zeros_(block.self_attn.out_proj.weight)
                nn.init.zeros_(block.linear2.weight)
            self.average = nn.Conv1d(width, width, len(config.offsets), groups=width)
            # Start with the middle frame alone as the average.
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
        """Encode vectors [B, T, C] and box vectors [B, T, 3] to hidden states [B, 26, H] and an initial estimate."""
        middle = boxes.shape[1] // 2
        x = self.embed_frames(vectors, boxes)
        return self.encode_windows(x, boxes[:, middle])

    def embed_frames(self, vectors: Tensor, boxes: Tensor) -> Tensor:
        """Embed single frames: vectors [..., C] and box vectors [..., 3] to [..., width]."""
        x = (vectors - self.vector_mean) / self.vector_deviation
        return self.embed(torch.cat([x.clamp(-MAX_DEVIATIONS, MAX_DEVIATIONS), boxes], -1))

    def encode_windows(self, x: Tensor, middle_box: Tensor) -> tuple[Tensor, Estimate]:
        """Encode embedded windows [B, T, width] with the box vectors [B, 3] of their middle frames."""
        if self.config.use_global:
            x = self.transformer(x + self.position)
            x = self.average(x.transpose(1, 2))[..., 0]  # [B, width]
        else:
            x = x[:, x.shape[1] // 2]  # [B, width]
        hidden = self.states(x).view(-1, NUM_STATES, self.config.hidden)
        box = middle_box[:, None].expand(-1, NUM_STATES, -1)
        return hidden, self.regressors(torch.cat([hidden, box], -1))

    @torch.no_grad()
    def standardize(self, vectors: Tensor, floor: float = 1e-3) -> None:
        """Set the mean and standard deviation of the input from training vectors [N, C]."""
        self.vector_mean.copy_(vectors.mean(0))
        self.vector_deviation.copy_(vectors.std(0) + floor)
