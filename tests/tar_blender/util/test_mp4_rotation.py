"""Rotation tags, as ffmpeg and phones write them."""

import subprocess
from pathlib import Path

import pytest

from tar_blender.util.mp4_rotation import rotation_tag
from tests.support.clips import phone_video


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_tag_written_by_ffmpeg_is_read(tiny_video: Path, tmp_path: Path, rotation: int) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="writes the tag")
    for name in ("phone.mp4", "phone.mov"):
        path = tmp_path / name
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-display_rotation", str(rotation), "-i", tiny_video]
        subprocess.run([*command, "-c", "copy", path], check=True)
        assert rotation_tag(path) == rotation


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_audio_tracks_and_long_boxes_are_skipped(tiny_video: Path, tmp_path: Path, rotation: int) -> None:
    content = phone_video(tiny_video, rotation, tmp_path / "phone.mp4").read_bytes()
    sound = (8 + 84).to_bytes(4) + b"tkhd" + bytes(84)
    sound = (8 + len(sound)).to_bytes(4) + b"trak" + sound
    movie = content.index(b"moov")
    size = int.from_bytes(content[movie - 4 : movie])
    path = tmp_path / "large.mp4"
    filler = (1).to_bytes(4) + b"free" + (16 + 9).to_bytes(8) + bytes(9)  # a box with an eight-byte size
    tracks = sound + content[movie + 4 : movie - 4 + size]
    path.write_bytes(filler + (0).to_bytes(4) + b"moov" + tracks)
    assert rotation_tag(path) == rotation


def test_movie_box_with_an_eight_byte_size_is_read(tiny_video: Path, tmp_path: Path) -> None:
    content = phone_video(tiny_video, 270, tmp_path / "phone.mp4").read_bytes()
    movie = content.index(b"moov")
    size = int.from_bytes(content[movie - 4 : movie])
    path = tmp_path / "large.mp4"
    path.write_bytes((1).to_bytes(4) + b"moov" + (size + 8).to_bytes(8) + content[movie + 4 : movie - 4 + size])
    assert rotation_tag(path) == 270


@pytest.mark.parametrize("content", [b"", b"a text file", b"\0\0\0\x02moov", b"\0\0\0\x01moov", b"\0\0\0\x08moov"])
def test_other_files_have_rotation_0(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.mp4").write_bytes(content)
    assert rotation_tag(tmp_path / "other.mp4") == 0
    assert rotation_tag(tmp_path / "gone.mp4") == 0
