import pytest

from tar_core.capture.frames import in_video_frames, sampling_step
from tar_core.options import CaptureOptions, StartBox


@pytest.mark.parametrize(("fps", "step"), [(24.0, 1), (30.0, 1), (60.0, 2), (120.0, 4)])
def test_fast_videos_are_processed_at_about_30_fps(fps: float, step: int) -> None:
    assert sampling_step(CaptureOptions(), fps) == step
    assert sampling_step(CaptureOptions(every_frame=True), fps) == 1


def test_frames_that_are_counted_by_another_rate_are_converted() -> None:
    box = StartBox(30, (0.0, 0.0, 9.0, 9.0))
    counted = CaptureOptions(start=20, end=100, box=box, counted_fps=60.0)
    assert in_video_frames(counted, 30.0) == CaptureOptions(start=10, end=50, box=StartBox(15, box.box))
    assert in_video_frames(CaptureOptions(start=20, end=100), 30.0) == CaptureOptions(start=20, end=100)
    nearly = CaptureOptions(start=99_999, end=100_000, counted_fps=30000 / 1001)
    assert in_video_frames(nearly, 29.97003).start == 99_999
