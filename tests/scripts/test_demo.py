"""The steps of the demo, and (slow) the whole demo."""

import os
from pathlib import Path

import numpy as np
import pytest

from scripts import demo
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.video.writer import VideoWriter
from tests.support.clips import synthetic_clip


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Ten frames; frame k has the gray level 20 k."""
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, 30, 64, 48) as writer:
        for index in range(10):
            writer.write(np.full((48, 64, 3), 20 * index, np.uint8))
    return path


def test_sheet_frames_cover_the_motion() -> None:
    frames = demo.sheet_frames(synthetic_clip(frames=61, first_frame=3))
    assert frames[0] == 3 and frames[-1] == 63 and len(frames) == demo.SHEET_COLUMNS
    assert np.ptp(np.diff(frames)) <= 1
    assert demo.sheet_frames(synthetic_clip(frames=3, first_frame=7)) == [7, 8, 9], "a short clip has fewer"


def test_frames_are_picked_by_number(video: Path) -> None:
    picked = demo.pick_frames(video, [2, 3, 8])
    assert [image.mean() for image in picked] == pytest.approx([40, 60, 160], abs=4)


def test_video_that_ends_before_the_last_frame_is_an_error(video: Path) -> None:
    with pytest.raises(TarError, match="ends before frame 12"):
        demo.pick_frames(video, [2, 12])


def test_render_is_composited_over_the_darkened_video() -> None:
    render = np.zeros((2, 2, 4), np.uint8)
    render[0, 0] = (200, 100, 50, 255)
    image = demo.render_over(render, np.full((8, 8, 3), 100, np.uint8))
    assert image[0, 0].tolist() == [200, 100, 50]
    assert image[1, 1].tolist() == [50, 50, 50]


def test_scene_is_written_and_rendered(tmp_path: Path) -> None:
    pytest.importorskip("bpy", reason="needs Blender as a Python module")
    clip = synthetic_clip(frames=5, width=320, height=240, principal_point=(159.5, 119.5))
    blend = tmp_path / "demo.blend"
    renders = demo.build_scene(clip, blend, [3, 7])
    assert blend.stat().st_size > 100_000
    for render in renders:
        assert render.shape == (480, 640, 4)
        coverage = (render[..., 3] > 0).mean()
        assert 0.005 < coverage < 0.5, "a body on a transparent background"


def test_quiet_silences_c_libraries_until_it_ends(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TarError), demo.quiet():
        os.write(1, b"chatter")
        os.write(2, b"chatter")
        raise TarError("an exception")
    os.write(1, b"after")
    assert tuple(capfd.readouterr()) == ("after", "")


def test_unreadable_video_is_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("not a video")
    assert demo.main([str(text), "--output", str(tmp_path / "out")]) == 2
    lines = capfd.readouterr().err.strip().splitlines()
    assert len(lines) == 2 and "not a video" in lines[0] and lines[1].startswith("error: ")


@pytest.mark.capture
@pytest.mark.slow
def test_demo_writes_all_results(demo_video: Path, tmp_path: Path) -> None:
    pytest.importorskip("bpy", reason="needs Blender as a Python module")
    assert demo.main([str(demo_video), "--output", str(tmp_path)]) == 0
    assert len(MotionClip.load(tmp_path / "demo.npz").people[0]) >= 95
    for name in ("demo.blend", "demo_overlay.mp4", "demo.png"):
        assert (tmp_path / name).stat().st_size > 100_000
