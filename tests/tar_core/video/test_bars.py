"""Bars, as FFmpeg and editors add them, around frames of the demo video."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tar_core.capture.initial_camera import estimate_initial_camera
from tar_core.options import CaptureOptions
from tar_core.video.bars import picture_size, without_bars
from tar_core.video.reader import VideoReader
from tests.support.videos import ffmpeg


@pytest.fixture(scope="module")
def frame(demo_video: Path) -> np.ndarray:
    image = next(VideoReader(demo_video).frames()).image
    return cv2.resize(image, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)


def blurred_background(image: np.ndarray, width: int) -> np.ndarray:
    """The image in the middle of a wide picture, over an enlarged and blurred copy of itself."""
    height = image.shape[0]
    scale = width / image.shape[1]
    large = cv2.resize(image, None, fx=scale, fy=scale)
    top = (large.shape[0] - height) // 2
    result = cv2.GaussianBlur(large[top : top + height], (0, 0), 12)
    left = (width - image.shape[1]) // 2
    result[:, left : left + image.shape[1]] = image
    return result


@pytest.mark.parametrize(("top", "left"), [(0, 140), (90, 0), (40, 60)])
def test_black_bars_are_found(top: int, left: int, frame: np.ndarray) -> None:
    padded = cv2.copyMakeBorder(frame, top, top, left, left, cv2.BORDER_CONSTANT)
    width, height = picture_size(padded)
    assert width == frame.shape[1]
    assert frame.shape[0] - 4 <= height <= frame.shape[0], "the first rows of the frame are dark"
    assert without_bars(padded).shape[:2] == (height, width)


def test_black_bars_are_found_in_a_compressed_video(demo_video: Path, tmp_path: Path) -> None:
    filters = "scale=360:640,pad=720:640:180:0"
    video = ffmpeg("-i", demo_video, "-frames:v", "2", "-vf", filters, "-crf", "30", tmp_path / "padded.mp4")
    width, height = picture_size(next(VideoReader(video).frames()).image)
    assert abs(width - 360) <= 4 and height == 640


def test_blurred_bars_are_found(frame: np.ndarray) -> None:
    width, height = picture_size(blurred_background(frame, 3 * frame.shape[1]))
    assert abs(width - frame.shape[1]) <= 2 and height == frame.shape[0]


def test_pictures_without_bars_are_whole(frame: np.ndarray) -> None:
    for image in (frame, frame[:, ::-1], frame[:200], np.zeros((90, 160, 3), np.uint8), frame[:4, :4]):
        assert picture_size(image) == (image.shape[1], image.shape[0])
    spotlight = np.zeros((200, 300, 3), np.uint8)
    spotlight[40:150, 20:200] = 200  # dark sides of different size
    assert picture_size(spotlight)[0] == 300


def test_camera_is_measured_without_bars(frame: np.ndarray) -> None:
    plain = estimate_initial_camera(frame, CaptureOptions())
    padded = cv2.copyMakeBorder(frame, 0, 0, 240, 240, cv2.BORDER_CONSTANT)
    for barred in (padded, blurred_background(frame, 3 * frame.shape[1])):
        assert estimate_initial_camera(barred, CaptureOptions()).focal_length == pytest.approx(
            plain.focal_length, rel=0.01
        )
