"""What the network costs: parameters and floating-point operations, beside the paper's Table S3.

One multiply-add counts as two operations, as in torch's own counter: by that convention the ConvGRU that the paper
describes (256 channels, 3 x 3, three steps in each direction at 64 x 64) costs the 184 GFLOPs of its table; counted as
one it would cost half.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
    """Of one window's middle frame, the backbone not counted: millions of parameters, GFLOPs."""

    parameters: float
    gflops: float


# Table S3 of the paper (arXiv 2311.09543): the local encoder's S -> what TAR costs.
PAPER_COSTS = {64: Cost(25.0, 184.6), 32: Cost(29.9, 72.4), 16: Cost(34.3, 43.5), 8: Cost(38.5, 36.3)}


def measure_cost(config: TARConfig) -> Cost:
    """Counts one window's forward pass on torch's meta device, where nothing is computed."""
    with torch.device("meta"):
        model = TAR(config, BodyModel(load_body()).to("meta"))
        batch = (1, len(config.offsets))
        features = FrameFeatures(
            torch.empty(*batch, config.vector_size),
            torch.empty(*batch, config.map_channels, MAP_SIZE, MAP_SIZE),
            Landmarks.unknown(batch),
        )
        camera = CropCamera(torch.empty(batch), torch.empty(*batch, 2), torch.empty(batch), torch.empty(batch))
        # With gradients torch leaves its fused transformer layers aside, which the counter doesn't know.
        with FlopCounterMode(display=False) as counter, torch.enable_grad():
            model(features, camera)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Cost(parameters / 1e6, counter.get_total_flops() / 1e9)


def cost_table(config: TARConfig = PAPER) -> Iterator[str]:
    """The lines of the table, then a FIGURE line for each row."""
    costs = {size: measure_cost(replace(config, local_size=size)) for size in PAPER_COSTS}
    yield "TAR of one frame, backbone not counted; a multiply-add is two operations"
    yield f"{'S':>4}{'M parameters':>14}{'paper':>8}{'GFLOPs':>10}{'paper':>8}"
    for size, cost in costs.items():
        paper = PAPER_COSTS[size]
        yield f"{size:4}{cost.parameters:14.1f}{paper.parameters:8.1f}{cost.gflops:10.1f}{paper.gflops:8.1f}"
    for size, cost in costs.items():
        yield f"FIGURE S={size} params_m={cost.parameters:.2f} gflops={cost.gflops:.2f}"
