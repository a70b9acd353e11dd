"""Four calibrated cameras that film one man, cut together: each shot gets the camera that filmed it."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.bench_lines import degrees_between
from benchmarks.triangulate import calibrated_cameras
from scripts.fetch.real_clips import fetch_video, find_clip
from tar_core.options import CaptureOptions
from tar_core.shot_files import load_shots, save_shots
from tar_core.shots import Shot
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter
from tests.support.networks import capture

pytestmark = [pytest.mark.capture, pytest.mark.slow]

WIDTH, HEIGHT = 1080, 1920  # some of the videos are wider, and are cut to this width
LENGTH = 24  # frames of each shot
MAX_FOCAL_ERROR, MAX_UP_ERROR = 0.05, 2.0  # relative, and degrees


def test_each_shot_gets_the_camera_that_filmed_it(tmp_path: Path) -> None:
    clip = find_clip("balance")
    with VideoWriter(tmp_path / "cuts.mp4", 30, WIDTH, HEIGHT) as writer:
        for number in clip.cameras:
            for frame in VideoReader(fetch_video(clip, number)).frames(end=2 * LENGTH - 1):
                if frame.index % 2 == 0:
                    margin = (frame.image.shape[1] - WIDTH) // 2
                    writer.write(frame.image[:, margin : margin + WIDTH])
    captured = capture(tmp_path / "cuts.mp4", CaptureOptions(people="largest", device="cpu"))
    assert [shot.shot for shot in captured] == [Shot(k + 1, LENGTH * k, LENGTH * k + LENGTH - 1) for k in range(4)]
    for shot, camera in zip(captured, calibrated_cameras(clip), strict=True):
        focal_error = shot.focal_length / float(camera.intrinsics[0, 0]) - 1
        # Qualisys' z axis points up.
        up_error, of_first = (degrees_between(s.vertical.up, camera.rotation[:, 2]) for s in (shot, captured[0]))
        print(
            f"{shot.shot}: focal length {100 * focal_error:+.1f} %, up {up_error:.1f} degrees off"
            f" (with the camera of shot 1: {of_first:.1f})"
        )
        assert abs(focal_error) < MAX_FOCAL_ERROR and up_error < MAX_UP_ERROR
    save_shots(tmp_path / "cuts.npz", captured)
    for shot, loaded in zip(captured, load_shots(tmp_path / "cuts.npz"), strict=True):
        np.testing.assert_array_equal(shot.people[0].poses, loaded.people[0].poses)
