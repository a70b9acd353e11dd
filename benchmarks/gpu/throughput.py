"""Stages `inference` and `side-by-side`: frames per second of the networks, by batch size and by precision."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.bench_training import busy, peak_flops, seconds_of
from benchmarks.gpu.precision import BF16, FP32, TF32, computing_in, precisions
from benchmarks.gpu.runner import Row, Session
from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import CropCamera
from tar_core.errors import first_line
from tar_core.model.backbones.blazepose import load_blazepose
from tar_core.model.backbones.pretrained import build_backbone
from tar_core.model.checkpoint import build_tar, load_tar
from tar_core.model.config import BLAZEPOSE, CONFIGS
from tar_core.model.features import FrameFeatures, Landmarks
from tar_core.runtime.batching import BatchingRuntime
from tar_core.runtime.graphs import BACKBONE, FEATURES, Runtime
from tar_core.runtime.modules import results_in_camera
from tar_core.runtime.streaming import TARStream
from tar_core.runtime.torch_runtime import TorchRuntime

BATCHES = {"tar-s": (1, 8, 32, 128, 512), "tar-w48": (1, 8, 32, 128), "tar-r50": (1, 8, 32, 128)}
STREAMS = (1, 8, 32, 64, 128)
REPEATS, SECONDS = 5, 2.0  # of a measurement: minimum number of runs, and minimum duration
LOOK_AHEAD = 2  # crops that a stretch asks for at once; see tar_core/people/look_ahead.py
EAGER, GRAPH, COMPILED = "eager", "graph", "compiled"


class WholeNetwork(nn.Module):
    """Crops of consecutive frames of a person to the bodies in these frames.

    Args:
        name: in CONFIGS; weights are random except for tar-s.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.network = (load_tar() if name == "tar-s" else build_tar(CONFIGS[name])).eval()
        backbone = self.network.config.backbone
        self.backbone = (load_blazepose() if backbone == BLAZEPOSE else build_backbone(backbone)).eval()

    def forward(self, crops: Tensor, camera: CropCamera, middles: Tensor) -> tuple[Tensor, ...]:
        features = self.backbone(crops.permute(0, 3, 1, 2) / 255)
        frames = self.network.encode_frames(features, camera)
        first = torch.zeros_like(middles)
        bodies = self.network.decode_windows(frames, middles, first, first + len(crops) - 1)
        return results_in_camera(bodies[-1], camera, features.landmarks.score)

    def inputs(self, batch: int, device: str) -> tuple[Tensor, CropCamera, Tensor]:
        """Random crops, their cameras, and the indices of all frames."""
        random = torch.Generator().manual_seed(0)
        crops = torch.randint(0, 256, (batch, 256, 256, 3), generator=random, dtype=torch.uint8).to(device)
        one = CropCamera.from_crop(Crop(640.0, 360.0, 600.0, 0.1), 1500.0, (639.5, 359.5))
        return crops, CropCamera.cat([one] * batch).to(device), torch.arange(batch, device=device)


def run_inference(session: Session) -> None:
    """Frames per second and share of the peak, by network, precision, mode and batch."""
    is_gpu = torch.device(session.device).type == "cuda"
    for precision in precisions(session.device):
        session.measure(f"peak {precision}", partial(peak, precision, session.device))
    names = ("tar-s", "tar-r50") if session.is_small else tuple(BATCHES)
    used = precisions(session.device)[: 1 if session.is_small else None]
    networks = {name: WholeNetwork(name).to(session.device) for name in names}
    # CUDA graphs are last: if a network cannot be recorded, the GPU may be unusable for this process.
    for mode in (EAGER, COMPILED, GRAPH) if is_gpu else (EAGER,):
        for (name, network), precision in product(networks.items(), used):
            top = session.results()["inference"][f"peak {precision}"]["tflops"]
            batches = (1,) if session.is_small else BATCHES[name]
            for batch in batches if mode != COMPILED else batches[-1:]:
                key = f"{name} {precision} batch {batch} {mode}"
                session.measure(key, partial(frame_rate, network, precision, batch, mode, session, top))


def peak(precision: str, device: str) -> Row:
    """Speed of one large matrix product."""
    with computing_in(precision, device):
        return {"tflops": peak_flops(device, precision == BF16) / 1e12}


@torch.inference_mode()
def frame_rate(network: WholeNetwork, precision: str, batch: int, mode: str, session: Session, top: float) -> Row:
    """Frames per second of a network in a mode, or why it cannot run in it."""
    device = session.device
    inputs = network.inputs(batch, device)
    with computing_in(precision, device):
        try:
            with FlopCounterMode(display=False) as counter:
                network(*inputs)
            flops = counter.get_total_flops()
            step = {EAGER: _eager, GRAPH: _graphed, COMPILED: _compiled}[mode](network, inputs)
            step()
            clock, cores, runs = 0.0, 0.0, 0
            while runs < (1 if session.is_small else REPEATS) or (clock < SECONDS and not session.is_small):
                spent = seconds_of(step, device)
                clock, cores, runs = clock + spent[0], cores + spent[1], runs + 1
        except Exception as error:  # torch raises many kinds where a mode is not supported
            return {"not possible": f"{type(error).__name__}: {first_line(error)}"}
    rate = flops * runs / busy(clock, cores, device) / 1e12
    return {"frames_per_second": batch * runs / clock, "tflops": rate, "share_of_peak": rate / top}


def _eager(network: WholeNetwork, inputs: tuple) -> partial:
    return partial(network, *inputs)


def _compiled(network: WholeNetwork, inputs: tuple) -> partial:
    """The backbone compiled; windows are gathered in a way that torch.compile does not support."""
    compiled = WholeNetwork.__new__(WholeNetwork)
    nn.Module.__init__(compiled)
    compiled.network, compiled.backbone = network.network, torch.compile(network.backbone)
    return partial(compiled, *inputs)


def _graphed(network: WholeNetwork, inputs: tuple) -> partial:
    """A CUDA graph, which starts all operations at once."""
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(2):
            network(*inputs)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        network(*inputs)
    return partial(graph.replay)


def run_side_by_side(session: Session) -> None:
    """Frames per second of the networks of a capture whose stretches are followed in threads, by their number."""
    is_gpu = torch.device(session.device).type == "cuda"
    names = ("tar-s",) if session.is_small else ("tar-s", "tar-w48", "tar-r50")
    for name in names:
        whole = WholeNetwork(name)
        runtime = TorchRuntime(whole.network.to(session.device), whole.backbone if name != "tar-s" else None)
        for precision in (FP32, TF32) if is_gpu else (FP32,):
            session.measure(f"{name} {precision} alone", partial(streams_rate, runtime, 1, precision, session, False))
            for streams in (2,) if session.is_small else STREAMS:
                key = f"{name} {precision} {streams} streams"
                session.measure(key, partial(streams_rate, runtime, streams, precision, session, True))


def streams_rate(runtime: Runtime, streams: int, precision: str, session: Session, joined: bool) -> Row:
    """Frames per second of some tracks that are followed side by side, each in a thread.

    Args:
        joined: whether their calls run together.
    """
    frames = 2 if session.is_small else 60
    shared = BatchingRuntime(runtime) if joined else runtime
    crops = np.random.default_rng(0).integers(0, 256, (LOOK_AHEAD, 256, 256, 3), np.uint8)
    camera = CropCamera.from_crop(Crop(640.0, 360.0, 600.0, 0.1), 1500.0, (639.5, 359.5))
    own = shared.config.backbone != BLAZEPOSE

    def follow() -> int:
        stream, count = TARStream(shared), 0
        for _ in range(0, frames, LOOK_AHEAD):
            vector, local_map, *marks = shared.run(BACKBONE, crops=crops)
            if own:
                vector, local_map = shared.run(FEATURES, crops=crops)
            features = FrameFeatures(vector, local_map, Landmarks(*marks))
            for row in range(LOOK_AHEAD):
                count += len(stream.push(features[row : row + 1], camera))
        return count + len(stream.finish())

    with computing_in(precision, session.device), ThreadPoolExecutor(streams) as threads:
        if not session.is_small:
            follow()  # load, and choose algorithms
        began = time.perf_counter()
        results = [thread.result() for thread in [threads.submit(follow) for _ in range(streams)]]
        seconds = time.perf_counter() - began
    return {"streams": streams, "frames_per_second": sum(results) / seconds}
