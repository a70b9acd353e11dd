"""Stages `training`, `rendering` and `unfrozen`: the speed of training on a GPU, and a training that needs one."""

import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.bench_training import busy, make_clips, peak_flops, seconds_of, step_flops
from benchmarks.gpu.files import split_file
from benchmarks.gpu.pack import generator_factory, make_generator, read_real_crops, unpack
from benchmarks.gpu.precision import BF16, TF32, computing_in, precisions
from benchmarks.gpu.runner import OutOfTimeError, Row, Session
from tar_core.datasets.shards import CLIP_FRAMES, Clip, read_shard, write_shard
from tar_core.model.backbones.blazepose import load_blazepose
from tar_core.model.backbones.pretrained import load_backbone
from tar_core.model.checkpoint import build_tar, load_tar
from tar_core.model.config import BLAZEPOSE, CONFIGS
from tar_core.synthetic.live import LiveClips
from tar_core.training.trainer import Trainer, TrainingConfig
from tar_core.training.unfrozen import UnfrozenConfig, UnfrozenTrainer
from tar_core.workers import cores

CLIPS_PER_STEP = {"tar-s": 96, "tar-w48": 32, "tar-r50": 32}
TEST_SEED, TEST_CLIPS = 1000, 60
RESERVE = 45.0  # seconds of a call for the scores and the files


def run_training(session: Session) -> None:
    """Windows per second of training on cached features, by network and precision."""
    for name in ("tar-s",) if session.is_small else CONFIGS:
        for precision in precisions(session.device)[: 1 if session.is_small else None]:
            session.measure(f"{name} {precision}", partial(training_rate, name, precision, session))


def training_rate(name: str, precision: str, session: Session) -> Row:
    """Windows per second, and the share of the peak."""
    device, steps = session.device, 1 if session.is_small else 10
    is_mixed = precision == BF16
    config = TrainingConfig(
        steps=10**6, clips_per_step=2 if session.is_small else CLIPS_PER_STEP[name], mixed_precision=is_mixed
    )
    network = CONFIGS[name]
    with tempfile.TemporaryDirectory() as folder, computing_in(TF32 if is_mixed else precision, device):
        clips = make_clips(Path(folder), network, config.clips_per_step)
        trainer = Trainer(build_tar(network), clips, clips, config, Path(folder) / "run", device)
        flops = step_flops(trainer)  # also the first step, which is slower
        seconds, cores_seconds = seconds_of(lambda: [trainer.advance() for _ in range(steps)], device)
        top = peak_flops(device, is_mixed)
    windows = config.clips_per_step * config.targets_per_clip * steps
    return {
        "windows_per_second": windows / seconds,
        "gflop_per_window": flops / (windows / steps) / 1e9,
        "share_of_peak": flops * steps / busy(seconds, cores_seconds, device) / top,
    }


def run_rendering(session: Session) -> None:
    """Frames per second of rendering, by the number of processes."""
    folder = unpack(session.pack, session.work / "pack")
    session.measure("driver", lambda: {"driver": make_generator(folder).renderer.driver})
    for workers in (1,) if session.is_small else sorted({1, 4, cores()}):
        session.measure(f"{workers} processes", partial(rendering_rate, folder, workers, session))


def rendering_rate(folder: Path, workers: int, session: Session) -> Row:
    """Frames per second of clips of nine frames, once all processes have started."""
    count = 2 if session.is_small else 40 * workers
    live = LiveClips(generator_factory(folder), 0, workers)
    try:
        live.take(1 if session.is_small else 10 * workers)  # more than those that wait
        began = time.perf_counter()
        live.take(count)
        return {"frames_per_second": CLIP_FRAMES * count / (time.perf_counter() - began)}
    finally:
        live.close()


def run_unfrozen(session: Session) -> None:
    """Train TAR with its backbone, as long as there is time; write the checkpoint in files of less than 16 MB."""
    folder = unpack(session.pack, session.work / "pack")
    small = UnfrozenConfig(steps=4, clips_per_step=1, real_per_step=2, save_every=1)
    config = small if session.is_small else UnfrozenConfig(mixed_precision=session.device.startswith("cuda"))
    start = session.work / "start"  # files of an earlier machine, joined
    model, backbone = load_tar(), load_blazepose()
    if (start / "tar.safetensors").is_file():
        model = load_tar(start / "tar.safetensors")
        backbone = load_backbone(BLAZEPOSE, start / "blazepose.safetensors")[0]
    real = torch.from_numpy(read_real_crops(folder)).permute(0, 3, 1, 2).float() / 255
    test = test_clips(folder, session)
    live = LiveClips(generator_factory(folder), int(time.time()), 0 if session.is_small else max(1, cores() - 2))
    try:
        trainer = UnfrozenTrainer(model, backbone, live.take, real, config, session.work / "unfrozen", session.device)
        trainer.resume()
        session.measure("before", partial(scores, trainer, test))
        reached = trainer.run(session.deadline - (0 if session.is_small else RESERVE))
    finally:
        live.close()
    session.keep(f"step {trainer.step}", scores(trainer, test))
    for file in trainer.write(session.work / "trained"):
        for part in split_file(file, session.output):
            session.report(f"  {part}: {part.stat().st_size / 1e6:.1f} MB")
    if not reached:
        raise OutOfTimeError


def scores(trainer: UnfrozenTrainer, test: list[Clip]) -> Row:
    """Errors on rendered clips of the test split, and the drift of the landmarks of real people."""
    result, drift = trainer.score(test)
    return {"mpjpe_mm": result.mpjpe, "pa_mpjpe_mm": result.pa, "pixels": result.pixels, "real_drift_pixels": drift}


def test_clips(folder: Path, session: Session) -> list[Clip]:
    """Rendered clips of the test split, the same in each call."""
    file = session.work / "test-clips.npz"
    if not file.is_file():
        random = np.random.default_rng(TEST_SEED)
        generator = make_generator(folder, "test")
        write_shard(file, [generator.clip(random) for _ in range(1 if session.is_small else TEST_CLIPS)])
    return read_shard(file)
