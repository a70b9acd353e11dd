"""`make bench-training`: training speed in windows per second, and a profile of the training step.

A window is one refined frame with its neighbors. A step runs forward, backward, the optimizer and the running average
of the weights, on cached clips or on random ones of the same size. The peak is the speed of one large matrix product on
the same device in the same precision; the share of it that the products of a step reach is printed. On the CPU, this
share is computed from processor time, because elapsed time depends on the load of the machine. The profiler then
gives the shares of the parts of a step, and the operators with the largest self time.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils.flop_counter import FlopCounterMode

from tar_core.arguments import positive_int
from tar_core.datasets.features import FeatureClips
from tar_core.errors import TarError
from tar_core.model.checkpoint import build_tar
from tar_core.model.config import CONFIGS, MAP_SIZE, TARConfig
from tar_core.model.tar import TAR
from tar_core.training import trainer as training
from tar_core.training.trainer import Trainer, TrainingConfig

WARMUP = 2  # steps before anything is measured
PROFILED = 2
PRODUCT = {"cpu": 2048, "cuda": 8192}  # side of the large matrices
LARGEST_OPERATORS = 10


def make_clips(folder: Path, config: TARConfig, count: int) -> FeatureClips:
    """Write random clips with the shapes that a configuration reads."""
    random = torch.Generator().manual_seed(0)
    frames = 9 * count

    def rand(*shape: int) -> torch.Tensor:
        return torch.rand(frames, *shape, generator=random)

    tensors = {
        "clip_length": torch.tensor(9),
        "vector": rand(config.vector_size).half(),
        "local_map": rand(config.map_channels, MAP_SIZE, MAP_SIZE).half(),
        "landmarks.points": 255 * rand(39, 2),
        "landmarks.visibility": rand(39),
        "landmarks.presence": rand(39),
        "landmarks.world": rand(39, 3) - 0.5,
        "landmarks.score": rand(),
        "poses": 0.5 * (rand(24, 3) - 0.5),
        "betas": rand(10),
        "trans": torch.tensor([0.0, 0.0, 4.0]) + 0.2 * rand(3),
        "focal_length": torch.full((frames,), 1500.0),
        "center": 50 * rand(2),
        "size": torch.full((frames,), 700.0),
        "roll": 0.1 * rand(),
    }
    save_file(tensors, folder / "shard-random.safetensors")
    return FeatureClips(folder)


def seconds_of(run: Callable[[], object], device: str) -> tuple[float, float]:
    """Measure a function: (elapsed time, processor time of all cores) in seconds, with the device synchronized."""
    _wait(device)
    clock, cores = time.perf_counter(), time.process_time()
    run()
    _wait(device)
    return time.perf_counter() - clock, time.process_time() - cores


def _wait(device: str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def busy(clock: float, cores: float, device: str) -> float:
    """Working time of a device in seconds: the processor time of all cores, or the elapsed time of the GPU."""
    return cores if torch.device(device).type == "cpu" else clock


def peak_flops(device: str, mixed_precision: bool) -> float:
    """Operations per second of working time in a large matrix product; a multiply-add counts as two."""
    side = PRODUCT.get(torch.device(device).type, PRODUCT["cpu"])
    dtype = torch.bfloat16 if mixed_precision else torch.float32
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    a @ b
    return 2 * side**3 / min(busy(*seconds_of(lambda: a @ b, device), device) for _ in range(5))


def step_flops(trainer: Trainer) -> int:
    """Operations of the matrix products and convolutions in one step, forward and backward."""
    with FlopCounterMode(display=False) as counter:
        trainer.advance()
    return counter.get_total_flops()


@contextmanager
def labelled_parts(trainer: Trainer) -> Iterator[list[str]]:
    """Label the parts of a step for the profiler within this context; yields their names in order."""
    model = trainer.model
    parts: dict[str, list[tuple[Any, str]]] = {
        "read the clips": [(trainer, "_batch")],
        "GTE": [(model.global_encoder, "embed_frames"), (model.global_encoder, "encode_windows")],
        "LTE": [(model.local_encoder, "encode_frames"), (model.local_encoder, "encode_windows")],
        "RRM": [(model.refinement, "forward")],
        "losses": [(training, "refinement_loss")],
        "backward": [(torch.Tensor, "backward")],
        "optimizer": [(trainer.optimizer, "step")],
    }
    plain = [(owner, method, getattr(owner, method)) for methods in parts.values() for owner, method in methods]
    for name, methods in parts.items():
        for owner, method in methods:
            setattr(owner, method, _labelled(name, getattr(owner, method)))
    try:
        yield list(parts)
    finally:
        for owner, method, function in plain:
            setattr(owner, method, function)


def compiled_parts(model: TAR) -> list[tuple[Any, str]]:
    """Methods that `--compile` compiles. torch.compile does not support the indexing that gathers windows."""
    encoder, local, refinement = model.global_encoder, model.local_encoder, model.refinement
    return [
        (encoder, "embed_frames"),
        (encoder, "encode_windows"),
        (local, "encode_frames"),
        (local, "encode_windows"),
        (refinement, "read_markers"),
        (refinement.gru, "forward"),
        (model.body, "forward"),
    ]


def _labelled(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arguments: Any, **named: Any) -> Any:
        with record_function(name):
            return function(*arguments, **named)

    return run


def profile_steps(trainer: Trainer, device: str) -> Iterator[str]:
    """Profile some steps; yields the lines of both tables: parts of a step, and operators."""
    activities = [ProfilerActivity.CPU]
    is_gpu = torch.device(device).type == "cuda"
    if is_gpu:
        activities.append(ProfilerActivity.CUDA)
    with labelled_parts(trainer) as names, profile(activities=activities) as profiler, record_function("step"):
        for _ in range(PROFILED):
            trainer.advance()
        _wait(device)
    events = profiler.key_averages()

    def spent(event: Any, own: bool = False) -> float:
        kind = "device" if is_gpu else "cpu"
        return float(getattr(event, f"{'self_' if own else ''}{kind}_time_total"))

    whole = sum(spent(event, own=True) for event in events)
    yield f"{'part of a step':24}{'share':>8}"
    by_name = {event.key: spent(event) for event in events}
    for name in names:
        yield f"{name:24}{100 * by_name.get(name, 0.0) / whole:6.0f} %"
    yield f"{'rest':24}{100 * (1 - sum(by_name.get(name, 0.0) for name in names) / whole):6.0f} %"
    yield ""
    yield f"{'operator, self time':40}{'share':>8}{'calls/step':>14}"
    operators = [event for event in events if event.key not in (*names, "step")]
    for event in sorted(operators, key=lambda event: -spent(event, own=True))[:LARGEST_OPERATORS]:
        yield f"{event.key[:38]:40}{100 * spent(event, own=True) / whole:6.0f} %{event.count / PROFILED:14.0f}"


def run(options: argparse.Namespace, folder: Path) -> None:
    """Run the benchmark and print the results."""
    network = CONFIGS[options.config]
    if options.features is None:
        (folder / "clips").mkdir()
        clips = make_clips(folder / "clips", network, options.clips_per_step)
    else:
        clips = FeatureClips(options.features)
    config = TrainingConfig(
        steps=10**6,
        clips_per_step=options.clips_per_step,
        mixed_precision=options.mixed_precision,
        use_maps=not options.without_maps,
    )
    model = build_tar(network)
    if options.compile:
        for owner, method in compiled_parts(model):
            setattr(owner, method, torch.compile(getattr(owner, method)))
    trainer = Trainer(model, clips, clips, config, folder / "run", options.device)
    first, _ = seconds_of(trainer.advance, options.device)
    for _ in range(WARMUP):
        trainer.advance()
    clock, cores = seconds_of(lambda: [trainer.advance() for _ in range(options.steps)], options.device)
    seconds = clock / options.steps
    windows = min(config.clips_per_step, len(clips)) * config.targets_per_clip
    print(f"{options.config}, {windows} windows per step, {torch.get_num_threads()} threads, {options.device}")
    print(
        f"first step {first:.1f} s, then {seconds:.2f} s per step ({cores / options.steps:.2f} s processor time):"
        f" {windows / seconds:.1f} windows/s"
    )
    flops, peak = step_flops(trainer), peak_flops(options.device, options.mixed_precision)
    rate = flops * options.steps / busy(clock, cores, options.device)
    print(
        f"{flops / 1e9:.0f} GFLOP of products per step, {rate / 1e9:.0f} GFLOP/s; one large matrix product"
        f" reaches {peak / 1e9:.0f}: {100 * rate / peak:.0f} %"
    )
    if not options.compile:
        print("", *profile_steps(trainer, options.device), sep="\n")
    print(f"FIGURE windows_per_second={windows / seconds:.1f} peak_fraction={rate / peak:.2f}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=Path, help="folder of cached clips (default: random clips)")
    parser.add_argument("--config", choices=CONFIGS, default="tar-s")
    parser.add_argument("--clips-per-step", type=positive_int, default=TrainingConfig.clips_per_step)
    parser.add_argument("--steps", type=positive_int, default=5, help="number of measured steps (default: %(default)s)")
    parser.add_argument("--mixed-precision", action="store_true", help="train in bfloat16")
    parser.add_argument("--without-maps", action="store_true", help="measure steps of the warm-up, without maps")
    parser.add_argument("--compile", action="store_true", help="compile the network with torch.compile; no profile")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            run(options, Path(folder))
    except TarError as error:
        print(f"bench-training: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
