"""The frame rate and the number of frames of whole files."""

from pathlib import Path

import numpy as np
import pytest

from tar_core.video.reader import VideoReader
from tests.support.videos import ffmpeg, image_number, numbered, write_images


@pytest.mark.parametrize("fps", [15, 24, 25, 30, 50])
def test_rate_of_a_gif_is_exact(fps: int, tmp_path: Path) -> None:
    """GIF files count hundredths of a second."""
    reader = VideoReader(ffmpeg("-i", write_images(tmp_path / "plain.mp4", 48, fps=fps), tmp_path / "clip.gif"))
    assert reader.fps == fps
    assert [image_number(frame.image) for frame in reader.frames()] == list(range(48))


def test_file_without_time_stamps(tmp_path: Path) -> None:
    raw = ffmpeg("-i", write_images(tmp_path / "plain.mp4", 8), "-c:v", "libx264", tmp_path / "raw.h264")
    reader = VideoReader(raw)
    assert (reader.fps, reader.frame_count) == (30, None)
    assert [image_number(frame.image) for frame in reader.frames()] == list(range(8))


def test_time_stamps_start_again_where_files_were_joined(tmp_path: Path) -> None:
    """MPEG-TS files are often joined without a program; here, the second one has a third of the rate."""
    plain, path = write_images(tmp_path / "plain.mp4", 60), tmp_path / "joined.ts"
    fast = ffmpeg("-i", plain, "-c:v", "libx264", "-bf", "2", tmp_path / "fast.ts")
    slow = ffmpeg(
        "-i", plain, "-vf", "select='not(mod(n,3))'", "-fps_mode", "vfr", "-c:v", "libx264", tmp_path / "slow.ts"
    )
    path.write_bytes(fast.read_bytes() + slow.read_bytes())
    reader = VideoReader(path)
    numbers = [image_number(frame.image) for frame in reader.frames()]
    assert numbers[:60] == list(range(60)) and reader.frame_count == len(numbers) == 118
    assert np.abs(np.array(numbers[60:]) - np.arange(58)).max() <= 1
    assert not reader.warnings


def test_images_that_are_stored_out_of_order_are_counted_to_the_last_one(tmp_path: Path) -> None:
    """The index has the times of decoding. With a variable rate, these end earlier than those of display."""
    kept = ("-vf", "select='lt(n,24)+not(mod(n,4))'", "-fps_mode", "vfr")
    plain = write_images(tmp_path / "plain.mp4", 60)
    reader = VideoReader(ffmpeg("-i", plain, *kept, "-c:v", "libx264", "-bf", "3", tmp_path / "variable.mp4"))
    assert len(list(reader.frames())) == reader.frame_count == 57


@pytest.mark.parametrize(("ending", "codec"), [("ts", "libx264"), ("mpg", "mpeg2video")])
def test_late_start_in_joined_files_is_reached_exactly(ending: str, codec: str, tmp_path: Path) -> None:
    plain = write_images(tmp_path / "plain.mp4", 240, lambda k: numbered(k % 64))
    part = ffmpeg("-i", plain, "-c:v", codec, "-g", "30", "-b:v", "2M", tmp_path / f"part.{ending}")
    path = tmp_path / f"joined.{ending}"
    path.write_bytes(2 * part.read_bytes())
    reader = VideoReader(path)
    for start in (200, 235, 250, 450):
        expected = [frame % 240 % 64 for frame in range(start, start + 3)]
        assert [image_number(frame.image) for frame in reader.frames(start, start + 2)] == expected


def test_recording_begins_between_key_frames(tmp_path: Path) -> None:
    """What comes before the first one is no damage."""
    whole = ffmpeg("-i", write_images(tmp_path / "plain.mp4", 60), "-c:v", "libx264", "-g", "20", tmp_path / "whole.ts")
    packets = whole.read_bytes()
    recording = tmp_path / "recording.ts"
    recording.write_bytes(packets[len(packets) // 188 // 6 * 188 :])
    reader = VideoReader(recording)
    numbers = [image_number(frame.image) for frame in reader.frames()]
    assert numbers == list(range(60 - len(numbers), 60)) and 20 < len(numbers) < 60
    assert reader.frame_count == len(numbers) and not reader.warnings
