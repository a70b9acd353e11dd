"""LTE, the local temporal encoder: a bidirectional ConvGRU over the local maps of L frames."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tar_core.model.config import MAP_SIZE, TARConfig
from tar_core.model.conv_gru import ConvGRUCell


@dataclass
class LocalFrames:
    """The part of the local encoder that depends on single frames.

    Attributes:
        past, future: [N, 3 H, S, S] convolutions W * x in the two branches.
        past_first, future_first: [N, H, S, S] hidden maps of the branches if they begin with this frame.
        maps: [N, C, 64, 64] local maps m_t of the frames; None if the output does not need them.
    """

    past: Tensor
    future: Tensor
    past_first: Tensor
    future_first: Tensor
    maps: Tensor | None

    def __getitem__(self, index: slice | Tensor) -> "LocalFrames":
        maps = None if self.maps is None else self.maps[index]
        return LocalFrames(self.past[index], self.future[index], self.past_first[index], self.future_first[index], maps)

    @staticmethod
    def cat(parts: "list[LocalFrames]") -> "LocalFrames":
        """Concatenate batches."""
        maps = [part.maps for part in parts if part.maps is not None]
        return LocalFrames(
            torch.cat([part.past for part in parts]),
            torch.cat([part.future for part in parts]),
            torch.cat([part.past_first for part in parts]),
            torch.cat([part.future_first for part in parts]),
            torch.cat(maps) if maps else None,
        )


class LocalTemporalEncoder(nn.Module):
    """Encodes the local maps m_{t-2}, ..., m_{t+2} to the temporal local map M_t of the frame t (paper, section 3.3).

        past branch     h^p_{t-2}, h^p_{t-1}, h^p_t   ConvGRU over m_{t-2}, m_{t-1}, m_t from zero
        future branch   h^f_{t+2}, h^f_{t+1}, h^f_t   ConvGRU over m_{t+2}, m_{t+1}, m_t from zero
        output          M_t = V * [h^p_t, h^f_t]      3 x 3 convolution of the concatenated maps

    For S < 64, strided convolutions reduce the inputs to S x S cells and transposed convolutions restore the size of
    the concatenated maps (paper, Table S3). With `local_concat`, m_t is concatenated too; with `local_skip`, a 1 x 1
    convolution of m_t is added to M_t.
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
            # Start without the ConvGRU, so that training can start from a network for single frames.
            for parameter in self.output.parameters():
                nn.init.zeros_(parameter)

    def forward(self, maps: Tensor) -> Tensor:
        """Encode windows of maps [B, L, C, 64, 64] to [B, D, 64, 64]."""
        batch, length = maps.shape[:2]
        x = self.shrink(self.reduce(maps.flatten(0, 1)))
        x = x.view(batch, length, *x.shape[1:])
        h_past = h_future = torch.zeros_like(x[:, 0])
        for step in range(self.radius + 1):
            h_past = self.past(self.past.from_input(x[:, step]), h_past)
            h_future = self.future(self.future.from_input(x[:, length - 1 - step]), h_future)
        return self._output(h_past, h_future, maps[:, self.radius])

    def encode_frames(self, maps: Tensor) -> LocalFrames:
        """Compute the part that depends on single frames from their maps [N, C, 64, 64]."""
        x = self.shrink(self.reduce(maps))
        past, future = self.past.from_input(x), self.future.from_input(x)
        needs_maps = self.concat or self.skip is not None
        return LocalFrames(past, future, self.past.first(past), self.future.first(future), maps if needs_maps else None)

    def encode_windows(self, frames: LocalFrames, index: Tensor) -> Tensor:
        """Encode windows given by the indices [W, L] of their frames to [W, D, 64, 64]; equals `forward`."""
        length = index.shape[1]
        h_past, h_future = frames.past_first[index[:, 0]], frames.future_first[index[:, length - 1]]
        for step in range(1, self.radius + 1):
            h_past = self.past(frames.past[index[:, step]], h_past)
            h_future = self.future(frames.future[index[:, length - 1 - step]], h_future)
        middle_map = None if frames.maps is None else frames.maps[index[:, self.radius]]
        return self._output(h_past, h_future, middle_map)

    def _output(self, h_past: Tensor, h_future: Tensor, middle_map: Tensor | None) -> Tensor:
        m = self.grow(torch.cat([h_past, h_future], 1))
        m = self.output(torch.cat([m, self.reduce(middle_map)], 1) if self.concat else m)
        return m if self.skip is None else m + self.skip(middle_map)


class StaticLocalEncoder(nn.Module):
    """Replacement of the local encoder with `use_local` off: a 1 x 1 convolution of the middle frame's map."""

    def __init__(self, config: TARConfig) -> None:
        super().__init__()
        self.skip = nn.Conv2d(config.map_channels, config.local_channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Encode windows of maps [B, L, C, 64, 64] to [B, D, 64, 64]."""
        return self.skip(maps[:, maps.shape[1] // 2])

    def encode_frames(self, maps: Tensor) -> LocalFrames:
        empty = maps[:, :0]  # there is no ConvGRU
        return LocalFrames(empty, empty, empty, empty, maps)

    def encode_windows(self, frames: LocalFrames, index: Tensor) -> Tensor:
        assert frames.maps is not None
        return self.skip(frames.maps[index[:, index.shape[1] // 2]])
