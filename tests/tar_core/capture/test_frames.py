import pytest

from tar_core.capture.frames import sampling_step
from tar_core.options import CaptureOptions


@pytest.mark.parametrize(("fps", "step"), [(24.0, 1), (30.0, 1), (60.0, 2), (120.0, 4)])
def test_fast_videos_are_processed_at_about_30_fps(fps: float, step: int) -> None:
    assert sampling_step(CaptureOptions(), fps) == step
    assert sampling_step(CaptureOptions(every_frame=True), fps) == 1
