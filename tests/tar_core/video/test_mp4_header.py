"""The header of MP4 files, as ffmpeg and phones write it."""

import random
import struct
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tar_core.video.mp4_header import codec_tag, display_orientation, image_times, pixel_aspect, sound_delay
from tar_core.video.orientation import Orientation
from tar_core.video.reader import VideoReader
from tests.support.clips import phone_video
from tests.support.paths import DATA
from tests.support.videos import ffmpeg, write_images


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("video") / "plain.mp4", 2)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_tag_written_by_ffmpeg_is_read(video: Path, tmp_path: Path, rotation: int) -> None:
    for name in ("phone.mp4", "phone.mov"):
        tag = ("-display_rotation", str(rotation))
        path = ffmpeg(*tag, "-i", video, "-c", "copy", tmp_path / name)
        assert display_orientation(path).turn == rotation
        mirrored = ffmpeg(*tag, "-display_vflip", "-i", video, "-c", "copy", tmp_path / f"mirrored_{name}")
        assert display_orientation(mirrored).upside_down


def test_pixel_aspect_and_codec(video: Path, tmp_path: Path) -> None:
    wide = ffmpeg("-i", video, "-vf", "setsar=4/3", "-c:v", "libx264", tmp_path / "wide.mp4")
    assert pixel_aspect(wide) == Fraction(4, 3)
    assert codec_tag(wide) == "avc1" and codec_tag(video) == "mp4v"


@pytest.mark.parametrize("name", ["variable.mp4", "variable.mov"])
def test_time_stamps_are_those_of_the_engine(name: str, tmp_path: Path) -> None:
    source = write_images(tmp_path / "source.mp4", 30)
    kept = ("-vf", "select='lt(n,4)+not(mod(n,2))'", "-fps_mode", "vfr")
    path = ffmpeg("-i", source, *kept, "-c:v", "libx264", "-bf", "2", tmp_path / name)
    times, reader = image_times(path), VideoReader(path)
    assert times is not None and len(times.stamps) == 17
    np.testing.assert_allclose(np.diff(times.stamps).min(), 1 / 30, atol=times.tick)
    assert round(times.end * reader.fps) == reader.frame_count
    np.testing.assert_allclose(times.stamps, np.array([0, 1, 2, 3, *range(4, 30, 2)]) / 30, atol=times.tick)


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_delay_of_the_sound(tmp_path: Path, suffix: str) -> None:
    tone, path = DATA / "tone.mp4", tmp_path / f"delayed.{suffix}"
    both = ("-map", "0:v", "-map", "1:a", "-c", "copy")
    assert sound_delay(tone) == 0
    assert sound_delay(ffmpeg("-i", tone, "-itsoffset", "0.5", "-i", tone, *both, path)) == pytest.approx(0.5, abs=0.03)
    assert sound_delay(ffmpeg("-itsoffset", "0.5", "-i", tone, "-i", tone, *both, path)) == pytest.approx(
        -0.5, abs=0.03
    )
    without_edits = ("-c:v", "libx264", "-bf", "2", "-c:a", "aac", "-use_editlist", "0")
    assert abs(sound_delay(ffmpeg("-i", tone, *without_edits, path)) or 0) < 0.1
    assert sound_delay(DATA / "twelve_greys.mp4") is None, "no sound"
    assert sound_delay(ffmpeg("-i", tone, "-c", "copy", tmp_path / "other.mkv")) is None, "another format"


def test_files_without_time_stamps_in_the_header(video: Path, tmp_path: Path) -> None:
    fragmented = ffmpeg("-i", video, "-c", "copy", "-movflags", "frag_keyframe+empty_moov", tmp_path / "live.mp4")
    assert image_times(fragmented) is None
    assert image_times(ffmpeg("-i", video, "-c", "copy", tmp_path / "other.mkv")) is None
    content = bytearray(video.read_bytes())
    runs = content.index(b"stts") + 12
    content[runs : runs + 4] = b"\xff" * 4  # more images than any video has
    (tmp_path / "huge.mp4").write_bytes(content)
    assert image_times(tmp_path / "huge.mp4") is None


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_audio_tracks_and_long_boxes_are_skipped(video: Path, tmp_path: Path, rotation: int) -> None:
    content = phone_video(video, rotation, tmp_path / "phone.mp4").read_bytes()
    sound = (8 + 84).to_bytes(4) + b"tkhd" + bytes(84)
    sound = (8 + len(sound)).to_bytes(4) + b"trak" + sound
    movie = content.index(b"moov")
    size = int.from_bytes(content[movie - 4 : movie])
    path = tmp_path / "large.mp4"
    filler = (1).to_bytes(4) + b"free" + (16 + 9).to_bytes(8) + bytes(9)  # a box with an eight-byte size
    tracks = sound + content[movie + 4 : movie - 4 + size]
    path.write_bytes(filler + (0).to_bytes(4) + b"moov" + tracks)
    assert display_orientation(path).turn == rotation


def test_movie_box_with_an_eight_byte_size_is_read(video: Path, tmp_path: Path) -> None:
    content = phone_video(video, 270, tmp_path / "phone.mp4").read_bytes()
    movie = content.index(b"moov")
    size = int.from_bytes(content[movie - 4 : movie])
    path = tmp_path / "large.mp4"
    path.write_bytes((1).to_bytes(4) + b"moov" + (size + 8).to_bytes(8) + content[movie + 4 : movie - 4 + size])
    assert display_orientation(path).turn == 270


@pytest.mark.parametrize("content", [b"", b"a text file", b"\0\0\0\x02moov", b"\0\0\0\x01moov", b"\0\0\0\x08moov"])
def test_other_files_have_no_orientation(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.mp4").write_bytes(content)
    assert display_orientation(tmp_path / "other.mp4") == Orientation()
    assert display_orientation(tmp_path / "gone.mp4") == Orientation()
    assert pixel_aspect(tmp_path / "other.mp4") is None and codec_tag(tmp_path / "other.mp4") is None


def test_damaged_headers_have_some_orientation(tmp_path: Path) -> None:
    whole, noise, path = (DATA / "twelve_greys.mp4").read_bytes(), random.Random(5), tmp_path / "damaged.mp4"
    header = whole.index(b"moov") - 4
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(noise.randrange(1, 12)):
            at = noise.randrange(header, len(whole) - 4)
            size = noise.choice([0, 1, 7, 8, 9, 2**31, 2**32 - 1, noise.randrange(2**32)])
            damaged[at : at + 4] = struct.pack(">I", size)
        path.write_bytes(damaged[: noise.choice([len(whole), noise.randrange(len(whole))])])
        display_orientation(path), pixel_aspect(path), codec_tag(path), sound_delay(path)


@pytest.mark.parametrize("content", [b"", bytes(84)], ids=["empty", "audio"])
def test_header_of_a_million_boxes_is_read_quickly(content: bytes, tmp_path: Path) -> None:
    track = struct.pack(">I4s", len(content) + 16, b"trak") + struct.pack(">I4s", len(content) + 8, b"tkhd") + content
    tracks = (10**7 // len(track)) * track
    path = tmp_path / "many.mp4"
    path.write_bytes(struct.pack(">I4s", len(tracks) + 8, b"moov") + tracks)
    begin = time.monotonic()
    display_orientation(path)
    assert time.monotonic() - begin < 0.5
