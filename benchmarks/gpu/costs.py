"""What it takes to train tar-w48: renders or pictures, hours and storage, from counted operations.

Operations are counted on the real networks; how many of them a GPU does per second is an assumption, unless the
results of the stages `inference` and `rendering` are given. The numbers of pictures are rounded from the papers of the
datasets.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from tar_core.datasets.shards import CLIP_FRAMES
from tar_core.errors import TarError
from tar_core.model.backbones.pretrained import NETWORKS
from tar_core.model.config import CONFIGS, MAP_SIZE
from tar_core.model.cost import measure_cost
from tar_core.training.settings import read_settings

NETWORK = "tar-w48"
SETTINGS = Path(__file__).parents[2] / "tar_core" / "training" / "paper.toml"
BACKWARD = 2  # the backward pass takes twice the operations of the forward pass
PICTURE_KB = 25  # of a crop in a shard, JPEG
RENDERED = {"rendered people": 900_000}
# Pictures of the training splits, about: those of one person each, at 25 to 30 per second.
DATASETS = {
    "3DPW": 22_000,
    "Human3.6M": 780_000,
    "MPI-INF-3DHP": 650_000,
    "COCO (EFT)": 75_000,
    "BEDLAM": 950_000,
}


@dataclass(frozen=True)
class Rates:
    """What the machine does.

    Attributes:
        tflops: of the networks, in bfloat16, 1e12 operations per second.
        renders: frames that are rendered per second by all processes.
        source: where the numbers come from.
    """

    tflops: float
    renders: float
    source: str


def add_options(parser: argparse.ArgumentParser) -> None:
    """Define the options of the command."""
    parser.add_argument("--tflops", type=float, default=150, help="of the GPU in the networks (default: %(default)s)")
    parser.add_argument("--renders", type=float, default=160, help="rendered frames per second (default: %(default)s)")
    parser.add_argument("--results", type=Path, help="results.json of the stages; replaces both")


def table(options: argparse.Namespace) -> Iterator[str]:
    """The lines of the plan."""
    rates = read_rates(options)
    training = read_settings(SETTINGS).training
    windows = training["steps"] * training["clips_per_step"] * training["targets_per_clip"]
    backbone, network = backbone_gflops(), measure_cost(CONFIGS[NETWORK]).gflops
    yield f"{NETWORK}: the backbone takes {backbone:.0f} GFLOP per picture, TAR {network:.0f} per window forward"
    yield f"{rates.tflops:.0f} TFLOP/s, {rates.renders:.0f} rendered frames/s: {rates.source}"
    yield f"{training['steps']} steps of {training['clips_per_step']} windows, as in paper.toml"
    yield ""
    yield "| data | pictures | rendering, h | features, h | training, h | shards, GB | features, GB |"
    yield "|---|---|---|---|---|---|---|"
    for name, parts in (("rendered people alone", RENDERED), ("3DPW + H3.6M + 3DHP + COCO + BEDLAM", DATASETS)):
        pictures = sum(parts.values())
        rendering = pictures / rates.renders / 3600 if parts is RENDERED else 0.0
        features = pictures * backbone / (rates.tflops * 1000) / 3600
        learning = windows * network * (1 + BACKWARD) / (rates.tflops * 1000) / 3600
        storage = pictures * PICTURE_KB / 1e6, pictures * feature_bytes() / 1e9
        yield (
            f"| {name} | {pictures:,} | {rendering:.1f} | {features:.1f} | {learning:.1f} |"
            f" {storage[0]:.0f} | {storage[1]:.0f} |"
        )
    for name, count in DATASETS.items():
        yield f"{name}: {count:,} pictures, {count // CLIP_FRAMES:,} clips"


def read_rates(options: argparse.Namespace) -> Rates:
    """The rates that were measured, or the assumed ones.

    Raises:
        TarError: the file is not usable.
    """
    if options.results is None:
        return Rates(options.tflops, options.renders, "assumed, not measured")
    try:
        results = json.loads(options.results.read_text())
        networks = [row for name, row in results["inference"].items() if name.startswith(f"{NETWORK} bf16")]
        tflops = max(row["tflops"] for row in networks if "tflops" in row)
        renders = max(row["frames_per_second"] for row in results["rendering"].values() if "frames_per_second" in row)
    except (OSError, ValueError, KeyError) as error:
        raise TarError(
            f"{options.results}: no results of inference and rendering on a GPU ({error!r}); run these stages"
        ) from error
    return Rates(tflops, renders, f"measured, {options.results}")


@cache
def backbone_gflops() -> float:
    """Operations of the backbone for one picture, counted on torch's meta device, which computes nothing."""
    with torch.device("meta"):
        network = NETWORKS[CONFIGS[NETWORK].backbone]().eval()
        with FlopCounterMode(display=False) as counter:
            network.branches(torch.empty(1, 3, 256, 256))
    return counter.get_total_flops() / 1e9


def feature_bytes() -> int:
    """Bytes of the features of a picture on disk, in half precision."""
    config = CONFIGS[NETWORK]
    return 2 * (config.vector_size + config.map_channels * MAP_SIZE**2)
