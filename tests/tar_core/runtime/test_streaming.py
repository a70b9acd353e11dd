"""Results of a stream, which equal those of single windows."""

import dataclasses
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tar_core.camera.crop_camera import CropCamera
from tar_core.model.features import FrameFeatures
from tar_core.model.tar import TAR
from tar_core.runtime.modules import results_in_camera
from tar_core.runtime.streaming import FrameResult, TARStream, frame_step
from tar_core.runtime.torch_runtime import TorchRuntime
from tests.support.tar_models import SMALL, build, double, random_track, window

SWITCHES = [
    {},
    {"use_refinement": False},
    {"use_global": False},
    {"use_local": False},
    {"local_skip": False},
    {"landmark_residuals": False},
    {"steady_landmarks": False},
    {"far_frames": (6, 8)},
    *({"local_length": length} for length in (3, 7, 9)),
    *({"local_size": size} for size in (64, 32, 8)),
]


def stream_of(model: TAR, fps: float = 30.0) -> TARStream:
    return TARStream(TorchRuntime(model), fps, batch_size=4)


def push_all(stream: TARStream, features: FrameFeatures, camera: CropCamera) -> list[FrameResult]:
    """Push all frames of a track of tensors."""
    arrays, cameras = features.map(torch.Tensor.numpy), camera.map(torch.Tensor.numpy)
    frames = range(len(features.vector))
    return [result for k in frames for result in stream.push(arrays[k : k + 1], cameras[k : k + 1])]


def assert_equal_to_window(
    result: FrameResult, model: TAR, features: FrameFeatures, camera: CropCamera, index: torch.Tensor
) -> None:
    """Check a result against the network on the window of the frames `index`."""
    with torch.no_grad():
        bodies = model(*window(features, camera, index))
        assert len(bodies) == (1 + model.config.iterations if model.config.use_refinement else 1)
        middle = index[len(index) // 2]
        expected = results_in_camera(bodies[-1], camera[middle : middle + 1], torch.ones(1))
    for name, array in zip(("poses", "betas", "trans"), expected, strict=False):
        np.testing.assert_allclose(getattr(result, name), array[0], atol=1e-9)


@pytest.mark.parametrize("switch", SWITCHES, ids=str)
def test_equals_single_windows_for_every_ablation_switch(switch: dict[str, Any]) -> None:
    model = build(replace(SMALL, **switch)).double()
    features, camera = double(*random_track(13))
    offsets = torch.tensor(model.config.offsets)
    stream = stream_of(model)
    results = push_all(stream, features, camera)
    assert len(results) == (8 if offsets[-1] == 4 else 4)
    results += stream.finish()
    assert len(results) == 13
    for k in (0, 2, 6, 11, 12):
        assert_equal_to_window(results[k], model, features, camera, (offsets + k).clamp(0, 12))


def test_windows_of_fast_videos_have_the_frame_rate_of_the_training() -> None:
    model = build().double()
    features, camera = double(*random_track(30))
    stream = stream_of(model, fps=59.94)
    results = push_all(stream, features, camera) + stream.finish()
    assert_equal_to_window(results[15], model, features, camera, 15 + 2 * (torch.arange(9) - 4))


def test_keeps_a_bounded_number_of_frames() -> None:
    features, camera = random_track(1)
    stream = stream_of(build())
    num_kept = []
    for _ in range(40):
        push_all(stream, features, camera)
        num_kept.append(len(stream._waiting) + stream._num_frames)
    assert max(num_kept) <= 4 + 8 + 4


def test_track_of_one_frame() -> None:
    stream = stream_of(build())
    assert push_all(stream, *random_track(1)) == []
    assert len(stream.finish()) == 1
    assert stream_of(build()).finish() == []


def test_unpacked_inverts_packed() -> None:
    rng = np.random.default_rng(0)
    sizes = {"poses": 72, "betas": 10, "trans": 3, "joint_errors": 24}
    arrays = {name: rng.normal(size=size).astype(np.float32) for name, size in sizes.items()}
    result = FrameResult(confidence=0.75, **arrays)
    data = result.packed()
    assert len(data) < 512  # larger objects are allocated by the C library
    for name, value in dataclasses.asdict(FrameResult.unpacked(data)).items():
        np.testing.assert_array_equal(value, getattr(result, name))


@pytest.mark.parametrize(("fps", "step"), [(12, 1), (24, 1), (30, 1), (40, 1), (50, 2), (59.94, 2), (120, 4), (240, 8)])
def test_frame_step_is_about_a_thirtieth_of_a_second(fps: float, step: int) -> None:
    assert frame_step(fps) == step
