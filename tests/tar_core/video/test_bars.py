"""Bars, as FFmpeg and editors add them, around frames of the demo video."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tar_core.capture.initial_camera import estimate_initial_camera
from tar_core.options import CaptureOptions
from tar_core.video.bars import PictureArea
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
    area = PictureArea.of(padded)
    width, height = area.size
    assert width == frame.shape[1]
    assert frame.shape[0] - 4 <= height <= frame.shape[0], "the first rows of the frame are dark"
    assert area.left == left and abs(area.top - top) <= 2
    np.testing.assert_array_equal(area.cut(padded), frame[area.top - top :][:height])
    box = np.array([1, 2, 30, 40])
    assert area.to_image(box).tolist() == [1 + area.left, 2 + area.top, 30 + area.left, 40 + area.top]
    np.testing.assert_array_equal(area.from_image(area.to_image(box)), box)


def test_black_bars_are_found_in_a_compressed_video(demo_video: Path, tmp_path: Path) -> None:
    filters = "scale=360:640,pad=720:640:180:0"
    video = ffmpeg("-i", demo_video, "-frames:v", "2", "-vf", filters, "-crf", "30", tmp_path / "padded.mp4")
    width, height = PictureArea.of(next(VideoReader(video).frames()).image).size
    assert abs(width - 360) <= 4 and height == 640


@pytest.mark.parametrize("color", [0, 255])
@pytest.mark.parametrize("places", [["below"], ["above", "below"], ["logo"]])
def test_bars_with_captions_and_logos_are_found(places: list[str], color: int, frame: np.ndarray) -> None:
    """Above and below a picture, with the noise of compression."""
    bar = 100
    padded = cv2.copyMakeBorder(frame, bar, bar, 0, 0, cv2.BORDER_CONSTANT, value=(color,) * 3)
    ink = (255 - color,) * 3
    for place in places:
        if place == "logo":
            cv2.circle(padded, (frame.shape[1] - 60, 50), 30, (250, 120, 40), -1)
        else:
            line = bar // 2 if place == "above" else padded.shape[0] - bar // 2
            cv2.putText(padded, "I did not say that", (20, line), cv2.FONT_HERSHEY_SIMPLEX, 1, ink, 2)
    compressed = cv2.imdecode(cv2.imencode(".jpg", padded, [cv2.IMWRITE_JPEG_QUALITY, 80])[1], cv2.IMREAD_COLOR)
    area = PictureArea.of(compressed)
    assert area.left == 0 and abs(area.top - bar) <= 2


@pytest.mark.parametrize("gamma", [1.5, 3.0])
@pytest.mark.parametrize("gain", [0.3, 1.0])
def test_a_dark_picture_has_no_bars(gamma: float, gain: float, frame: np.ndarray) -> None:
    dark = (255 * gain * (frame / 255) ** gamma).astype(np.uint8)
    assert PictureArea.of(dark).size == (frame.shape[1], frame.shape[0])
    night = np.clip(np.random.default_rng(0).normal(15, 2, (300, 400, 3)), 0, 255).astype(np.uint8)
    night[80:180, 120:260] = frame[300:400, 100:240]  # a window in a dark wall
    assert PictureArea.of(night).size == (400, 300)


def test_blurred_bars_are_found(frame: np.ndarray) -> None:
    width, height = PictureArea.of(blurred_background(frame, 3 * frame.shape[1])).size
    assert abs(width - frame.shape[1]) <= 2 and height == frame.shape[0]


def test_pictures_without_bars_are_whole(frame: np.ndarray) -> None:
    for image in (frame, frame[:, ::-1], frame[:200], np.zeros((90, 160, 3), np.uint8), frame[:4, :4]):
        assert PictureArea.of(image).size == (image.shape[1], image.shape[0])
    fading_in = (60 * np.sin(np.linspace(0, np.pi, 300))).astype(np.uint8)[None, :, None].repeat(200, 0).repeat(3, 2)
    assert PictureArea.of(fading_in).width == 300, "the dark sides belong to the picture"
    spotlight = np.zeros((200, 300, 3), np.uint8)
    spotlight[40:150, 20:200] = 200  # dark sides of different size
    assert PictureArea.of(spotlight).width == 300


def test_common_area_of_two_pictures() -> None:
    narrow, low = PictureArea(10, 0, 80, 50), PictureArea(4, 5, 92, 40)
    assert narrow.common(low) == low.common(narrow) == PictureArea(4, 0, 92, 50)
    assert narrow.has_bars and not narrow.common(PictureArea(0, 0, 100, 50)).has_bars


def test_camera_is_measured_without_bars(frame: np.ndarray) -> None:
    plain = estimate_initial_camera(frame, CaptureOptions())
    padded = cv2.copyMakeBorder(frame, 0, 0, 240, 240, cv2.BORDER_CONSTANT)
    for barred in (padded, blurred_background(frame, 3 * frame.shape[1])):
        assert estimate_initial_camera(barred, CaptureOptions()).focal_length == pytest.approx(
            plain.focal_length, rel=0.01
        )
