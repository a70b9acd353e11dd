from pathlib import Path

import numpy as np
import pytest

from tar_core.capture.frames import in_video_frames, read_marked_frames, sampling_step
from tar_core.options import CaptureOptions, StartBox
from tar_core.video.cuts import mark_cuts
from tar_core.video.reader import VideoReader
from tests.support.videos import HEIGHT, WIDTH, write_images


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


def test_only_the_frames_to_process_are_converted(tmp_path: Path) -> None:
    first, second = (np.random.default_rng(seed).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8) for seed in (1, 2))
    video = write_images(tmp_path / "two_shots.mp4", 24, lambda k: first if k < 11 else second)
    reader = VideoReader(video)
    frames = list(read_marked_frames(reader, CaptureOptions(), lambda _: None, "capture", converted_step=2))
    assert [frame.index for frame, is_cut in frames if is_cut] == [11]
    assert [frame.index for frame, _ in frames if frame.picture.is_converted] == [*range(0, 11, 2), *range(11, 24, 2)]
    assert frames[1][0].image.shape == (HEIGHT, WIDTH, 3), "others when they are used"
    assert not any(frame.picture.is_converted for frame, _ in mark_cuts(VideoReader(video).frames()))
