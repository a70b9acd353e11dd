"""Results of a stream; test_tar.py tests that they equal those of single windows."""

import dataclasses

import numpy as np
import pytest

from tar_core.model.streaming import FrameResult, frame_step


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
