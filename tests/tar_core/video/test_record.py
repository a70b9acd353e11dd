"""Recording from streams that FFmpeg sends over the loopback interface."""

import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.errors import TarError
from tar_core.recording import Recording
from tar_core.video.reader import VideoReader
from tar_core.video.record import Image, frame_rate, record, resample
from tests.support.senders import Sender, free_port

FPS = Sender.fps


@pytest.fixture
def udp() -> Iterator[Sender]:
    sender = Sender("udp", "mpegts", 60)
    yield sender
    sender.end()


def test_stream_is_recorded_with_its_rate_and_duration(udp: Sender, tmp_path: Path) -> None:
    output = tmp_path / "take.mp4"
    assert record(Recording(udp.address, 2.0), output) == 2 * FPS
    video = VideoReader(output)
    assert (video.width, video.height) == Sender.size and video.fps == FPS
    frames = [frame.image for frame in video.frames()]
    assert len(frames) == 2 * FPS
    assert sum((a != b).any() for a, b in pairwise(frames)) >= 2 * FPS - 5, "frames repeat"


@pytest.mark.parametrize("form", ["mpegts", "mpjpeg"])
def test_http_stream_that_ends_early_is_kept(form: str, tmp_path: Path) -> None:
    sender, output = Sender("http", form, 2.0), tmp_path / "take.mp4"
    try:
        count = _record_when_listening(Recording(sender.address, 30.0), output)
    finally:
        sender.end()
    video = VideoReader(output)
    assert video.frame_count == count
    # FFmpeg sends the first half second at once. Without time stamps, these images have no known times.
    assert count / video.fps == pytest.approx(2.0 if form == "mpegts" else 1.5, abs=0.3)


def _record_when_listening(recording: Recording, output: Path) -> int:
    for _ in range(50):
        try:
            return record(recording, output)
        except TarError as error:
            if "refused" not in str(error):
                raise
            time.sleep(0.1)
    pytest.fail("the sender does not listen")


def test_stopped_recording_is_kept(udp: Sender, tmp_path: Path) -> None:
    frames: list[int] = []
    output = tmp_path / "take.mp4"
    record(Recording(udp.address, 60.0), output, lambda progress: frames.append(progress.done), lambda: len(frames) > 9)
    assert 10 <= len(frames) < 5 * FPS
    assert VideoReader(output).frame_count == len(frames)


def test_recording_goes_on_if_images_come_faster_than_they_are_processed(tmp_path: Path) -> None:
    """FFmpeg's buffer for a UDP stream runs full: some images are lost."""
    sender, seen = Sender("udp", "mpegts", 60, muxrate="64M"), []

    def watch(_: np.ndarray) -> None:
        seen.append(None)
        if len(seen) == 10:
            time.sleep(1.5)  # 12 MB arrive meanwhile; the buffer has 5 MB

    try:
        assert record(Recording(sender.address, 4.0), tmp_path / "take.mp4", watch=watch) == 4 * FPS
    finally:
        sender.end()


def test_existing_file_is_not_replaced(tmp_path: Path) -> None:
    output = tmp_path / "take.mp4"
    output.write_text("precious")
    with pytest.raises(TarError, match="exists already"):
        record(Recording("udp://127.0.0.1:9", 1.0), output)
    assert output.read_text() == "precious"


@pytest.mark.parametrize("source", ["99", "http://127.0.0.1:9/live"])
def test_missing_source_is_an_error_of_one_line(source: str, tmp_path: Path) -> None:
    with pytest.raises(TarError, match="cannot be opened|no stream") as error:
        record(Recording(source, 1.0), tmp_path / "take.mp4")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_stream_of_a_playlist_is_refused(tmp_path: Path) -> None:
    """A playlist could name files and other addresses."""
    (tmp_path / "a.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    port = free_port()
    server = subprocess.Popen(
        ["python3", "-m", "http.server", str(port), "--bind", "127.0.0.1"],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        with pytest.raises(TarError, match="no stream"):
            _record_when_listening(Recording(f"http://127.0.0.1:{port}/a.m3u8", 1.0), tmp_path / "take.mp4")
    finally:
        server.kill()
        server.wait()


gaps = st.lists(st.floats(0.005, 0.2), min_size=1, max_size=40)


@given(gaps, st.sampled_from([10.0, 25.0, 60.0]))
def test_each_frame_is_the_image_nearest_in_time(gaps: list[float], fps: float) -> None:
    times = 1000 + np.cumsum([0.0, *gaps])
    images = [Image(time, np.array([number])) for number, time in enumerate(times)]
    chosen = [int(pixels[0]) for pixels in resample(images, fps)]
    for index, number in enumerate(chosen):
        distances = np.abs(times - 1000 - index / fps)
        assert distances[number] <= distances.min() + 1e-9
    assert len(chosen) / fps == pytest.approx(times[-1] - times[0], abs=1.6 / fps)


def test_images_that_go_back_in_time_are_left_out() -> None:
    images = [Image(time, np.array([number])) for number, time in enumerate((0.0, 0.1, 0.05, 0.1, 0.2))]
    assert [int(pixels[0]) for pixels in resample(images, 10.0)] == [0, 1, 4]


def test_rate_of_uneven_arrivals_is_the_stated_or_a_standard_one() -> None:
    times = np.arange(30) / 30 + np.random.default_rng(0).normal(0, 0.002, 30)
    assert frame_rate(30.0, list(times)) == 30.0
    assert frame_rate(0.0, list(np.arange(30) / 25)) == 25.0
    assert frame_rate(0.0, [0.5]) == 30.0


def test_images_that_come_at_once_and_skipped_images_do_not_count_for_the_rate() -> None:
    steps = [0.001] * 10 + [1 / 25] * 12 + [2 / 25] * 3 + [1 / 25] * 5
    assert frame_rate(0.0, list(np.cumsum(steps))) == 25.0
