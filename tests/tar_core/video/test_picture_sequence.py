"""Numbered pictures."""

from pathlib import Path

import pytest

from tar_core.video.picture_sequence import is_one_of_a_sequence
from tar_core.video.reader import VideoReader
from tests.support.videos import ffmpeg, write_images


@pytest.mark.parametrize(
    ("name", "other", "expected"),
    [
        ("frame_0001.png", "frame_0002.png", True),
        ("shot.1010.jpg", "shot.1009.jpg", True),
        ("9.png", "10.png", True),
        ("IMG_20240101_01.jpg", "IMG_20240101_05.jpg", False),
        ("a1.png", "a2.jpg", False),
        ("portrait.png", "portrait2.png", False),
    ],
)
def test_neighbors_make_a_sequence(name: str, other: str, expected: bool, tmp_path: Path) -> None:
    for each in (name, other):
        (tmp_path / each).touch()
    assert is_one_of_a_sequence(tmp_path / name) == expected


def test_one_picture_of_a_sequence_is_captured_with_a_warning(tmp_path: Path) -> None:
    video = write_images(tmp_path / "plain.mp4", 3)
    ffmpeg("-i", video, tmp_path / "frame_%04d.png")
    reader = VideoReader(tmp_path / "frame_0001.png")
    assert len(list(reader.frames())) == 1
    assert len(reader.warnings) == 1 and "only this picture of the sequence" in reader.warnings[0]
    single = tmp_path / "one.png"
    (tmp_path / "frame_0001.png").rename(single)
    assert not VideoReader(single).warnings
