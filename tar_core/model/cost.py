"""Cost of the network in parameters and floating-point operations, compared with the paper's Table S3.

A multiply-add counts as two operations, as in torch's counter. With this convention, the ConvGRU of the paper (256
channels, 3 x 3, three steps in each direction at 64 x 64) costs the 184 GFLOPs in the table.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch.utils.flop_counter import FlopCounterMode

from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.camera.crop_camera import CropCamera
from tar_core.model.config import MAP_SIZE, PAPER, TARConfig
from tar_core.model.features import FrameFeatures, Landmarks
from tar_core.model.tar import TAR


@dataclass(frozen=True)
class Cost:
    """Cost of TAR for one frame, without the backbone: millions of parameters, and GFLOPs."""

    parameters: float
    gflops: float


# Cost of TAR by the local encoder's S, from Table S3 of the paper (arXiv 2311.09543).
PAPER_COSTS = {64: Cost(25.0, 184.6), 32: Cost(29.9, 72.4), 16: Cost(34.3, 43.5), 8: Cost(38.5, 36.3)}


@cache
def measure_cost(config: TARConfig) -> Cost:
    """Count the operations of a forward pass for one window, on torch's meta device, which computes nothing."""
    with torch.device("meta"):
        model = TAR(config, BodyModel(load_body()).to("meta"))
        batch = (1, len(config.offsets))
        features = FrameFeatures(
            torch.empty(*batch, config.vector_size),
            torch.empty(*batch, config.map_channels, MAP_SIZE, MAP_SIZE),
            Landmarks.unknown(batch).to("meta"),
        )
        camera = CropCamera(torch.empty(batch), torch.empty(*batch, 2), torch.empty(batch), torch.empty(batch))
        # With gradients, torch does not use its fused transformer layers, which the counter does not support.
        with FlopCounterMode(display=False) as counter, torch.enable_grad():
            model(features, camera)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Cost(parameters / 1e6, counter.get_total_flops() / 1e9)


def cost_table(config: TARConfig = PAPER) -> Iterator[str]:
    """Lines of the table, followed by a FIGURE line for each row."""
    costs = {size: measure_cost(replace(config, local_size=size)) for size in PAPER_COSTS}
    yield "TAR for one frame, without the backbone; a multiply-add is two operations"
    yield f"{'S':>4}{'M parameters':>14}{'paper':>8}{'GFLOPs':>10}{'paper':>8}"
    for size, cost in costs.items():
        paper = PAPER_COSTS[size]
        yield f"{size:4}{cost.parameters:14.1f}{paper.parameters:8.1f}{cost.gflops:10.1f}{paper.gflops:8.1f}"
    for size, cost in costs.items():
        yield f"FIGURE S={size} params_m={cost.parameters:.2f} gflops={cost.gflops:.2f}"
