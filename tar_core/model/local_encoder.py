"""LTE, the local temporal encoder: a bidirectional ConvGRU over the local maps of L frames around the middle one."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tar_core.model.config import MAP_SIZE, TARConfig


class ConvGRUCell(nn.Module):
    """A GRU whose products are 3 x 3 convolutions (paper, eq. 3-6; Ballas et al. 2016).

    z = s(W_z * x + U_z * h), r = s(W_r * x + U_r * h), q = tanh(W_q * x + U_q * (r h)), h' = (1 - z) h + z q.

    The inputs' convolutions W * x stand apart from the hidden maps' U * h: the first need one frame only, so that
    windows which share a frame share them.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.from_input = nn.Conv2d(inputs, 3 * hidden, 3, padding=1)  # W_z, W_r, W_q with their biases
        self.from_hidden = nn.Conv2d(hidden, 2 * hidden, 3, padding=1, bias=False)  # U_z, U_r
        self.from_reset = nn.Conv2d(hidden, hidden, 3, padding=1, bias=False)  # U_q

    def forward(self, from_input: Tensor, h: Tensor) -> Tensor:
        """W * x [B, 3 H, S, S] (`from_input` of the frame) and h [B, H, S, S] -> the next h."""
        x_z, x_r, x_q = from_input.chunk(3, 1)
        h_z, h_r = self.from_hidden(h).chunk(2, 1)
        z = torch.sigmoid(x_z + h_z)
        r = torch.sigmoid(x_r + h_r)
        q = torch.tanh(x_q + self.from_reset(r * h))
        return (1 - z) * h + z * q

    def first(self, from_input: Tensor) -> Tensor:
        """The step from h = 0, without its convolutions of zeros."""
        x_z, _, x_q = from_input.chunk(3, 1)
        return torch.sigmoid(x_z) * torch.tanh(x_q)


@dataclass
class LocalFrames:
    """What the local encoder needs of each frame, computed once however many windows hold it.

    Attributes:
        past, future: [N, 3 H, S, S] the frame's input convolutions in the two branches.
        past_first, future_first: [N, H, S, S] the branch's hidden map when the frame is its first.
        own: [N, C, 64, 64] the frame's own map, if the output sees it, else None.
    """

    past: Tensor
    future: Tensor
    past_first: Tensor
    future_first: Tensor
    own: Tensor | None

    def __getitem__(self, index: slice | Tensor) -> "LocalFrames":
        own = None if self.own is None else self.own[index]
        return LocalFrames(self.past[index], self.future[index], self.past_first[index], self.future_first[index], own)

    @staticmethod
    def cat(parts: "list[LocalFrames]") -> "LocalFrames":
        own = [part.own for part in parts if part.own is not None]
        return LocalFrames(
            torch.cat([part.past for part in parts]),
            torch.cat([part.future for part in parts]),
            torch.cat([part.past_first for part in parts]),
            torch.cat([part.future_first for part in parts]),
            torch.cat(own) if own else None,
        )


class LocalTemporalEncoder(nn.Module):
    """m_{t-2..t+2} [64 x 64] -> the middle frame's map with its neighbors' evidence (paper, section 3.3).

    The past branch runs over t-2, t-1, t, the future branch over t+2, t+1, t, both from zero hidden maps; their last
    maps are concatenated and convolved. For S < 64, strided convolutions shrink the inputs and transposed
    convolutions grow the concatenated maps back (the paper's Table S3); with `local_concat` the middle frame's own map
    is concatenated with what has grown back.
    """

    def __init__(self, config: TARConfig) -> None:
        super().__init__()
        channels = config.local_channels
        halvings = int(math.log2(MAP_SIZE // config.local_size))
        self.radius = config.local_length // 2
        matches = config.map_channels == channels
        self.reduce = nn.Identity() if matches else nn.Conv2d(config.map_channels, channels, 1)
        self.shrink = nn.Sequential(*(nn.Conv2d(channels, channels, 3, 2, padding=1) for _ in range(halvings)))
        self.past = ConvGRUCell(channels, channels)
        self.future = ConvGRUCell(channels, channels)
        self.grow = nn.Sequential(
            *(nn.ConvTranspose2d(2 * channels, 2 * channels, 4, 2, padding=1) for _ in range(halvings))
        )
        self.concat = config.local_concat and halvings > 0
        self.output = nn.Conv2d((3 if self.concat else 2) * channels, channels, 3, padding=1)
        self.skip = nn.Conv2d(config.map_channels, channels, 1) if config.local_skip else None
        if config.local_skip:
            # Starts as the static network, so that one trained without the ConvGRU can be its warm start.
            for parameter in self.output.parameters():
                nn.init.zeros_(parameter)

    def forward(self, maps: Tensor) -> Tensor:
        """One window as the paper writes it: maps [B, L, C, 64, 64] -> [B, D, 64, 64]."""
        batch, length = maps.shape[:2]
        x = self.shrink(self.reduce(maps.flatten(0, 1)))
        x = x.view(batch, length, *x.shape[1:])
        h_past = h_future = torch.zeros_like(x[:, 0])
        for step in range(self.radius + 1):
            h_past = self.past(self.past.from_input(x[:, step]), h_past)
            h_future = self.future(self.future.from_input(x[:, length - 1 - step]), h_future)
        return self._output(h_past, h_future, maps[:, self.radius])

    def frames(self, maps: Tensor) -> LocalFrames:
        """maps [N, C, 64, 64] -> what every window that holds one of these frames shares."""
        x = self.shrink(self.reduce(maps))
        past, future = self.past.from_input(x), self.future.from_input(x)
        own = maps if self.concat or self.skip is not None else None
        return LocalFrames(past, future, self.past.first(past), self.future.first(future), own)

    def windows(self, frames: LocalFrames, index: Tensor) -> Tensor:
        """Equals `forward` on each window: frames of N, index [W, L] of each window's frames -> [W, D, 64, 64]."""
        length = index.shape[1]
        h_past, h_future = frames.past_first[index[:, 0]], frames.future_first[index[:, length - 1]]
        for step in range(1, self.radius + 1):
            h_past = self.past(frames.past[index[:, step]], h_past)
            h_future = self.future(frames.future[index[:, length - 1 - step]], h_future)
        own = None if frames.own is None else frames.own[index[:, self.radius]]
        return self._output(h_past, h_future, own)

    def _output(self, h_past: Tensor, h_future: Tensor, own: Tensor | None) -> Tensor:
        m = self.grow(torch.cat([h_past, h_future], 1))
        m = self.output(torch.cat([m, self.reduce(own)], 1) if self.concat else m)
        return m if self.skip is None else m + self.skip(own)


class StaticLocalEncoder(nn.Module):
    """The middle frame's own map alone: what is left of the local encoder when `use_local` is off."""

    def __init__(self, config: TARConfig) -> None:
        super().__init__()
        self.skip = nn.Conv2d(config.map_channels, config.local_channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """maps [B, L, C, 64, 64] -> [B, D, 64, 64]."""
        return self.skip(maps[:, maps.shape[1] // 2])

    def frames(self, maps: Tensor) -> LocalFrames:
        nothing = maps[:, :0]  # no ConvGRU, nothing to share but the maps themselves
        return LocalFrames(nothing, nothing, nothing, nothing, maps)

    def windows(self, frames: LocalFrames, index: Tensor) -> Tensor:
        assert frames.own is not None
        return self.skip(frames.own[index[:, index.shape[1] // 2]])
