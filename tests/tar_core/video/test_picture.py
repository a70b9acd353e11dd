"""The pictures of a file as a player shows them."""

import struct
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tar_core.video.orientation import square_pixels
from tar_core.video.reader import VideoReader
from tests.support.videos import HEIGHT, WIDTH, ffmpeg, image_number, quadrants, shown_quadrants, write_images

COLOR = (200, 30, 60)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("video") / "plain.mp4", 6)


@pytest.fixture(scope="module")
def colored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four quarters of different colors."""
    return write_images(tmp_path_factory.mktemp("video") / "colored.mp4", 1, lambda _: quadrants())


def first_image(path: Path) -> np.ndarray:
    return next(VideoReader(path).frames()).image


@pytest.mark.parametrize("name", ["tagged.mp4", "tagged.mov", "tagged.mkv"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirror", [(), ("-display_hflip",), ("-display_vflip",)])
def test_orientation_is_that_of_ffmpeg(
    name: str, rotation: int, mirror: tuple[str, ...], colored: Path, tmp_path: Path
) -> None:
    tag = ("-display_rotation", str(rotation), *mirror)
    tagged = ffmpeg(*tag, "-i", colored, "-c", "copy", tmp_path / name)
    expected = cv2.imread(str(ffmpeg(*tag, "-i", colored, "-frames:v", "1", tmp_path / "shown.png")))[..., ::-1]
    reader = VideoReader(tagged)
    if name.endswith("mkv") and mirror:  # Matroska has no tag for mirror images, and FFmpeg then writes none at all
        return
    assert reader.size == expected.shape[1::-1]
    image = next(reader.frames()).image
    assert image.shape == expected.shape
    assert shown_quadrants(image) == shown_quadrants(expected)


@pytest.mark.parametrize(
    ("aspect", "rotation", "size"),
    [("3/2", 0, (144, 64)), ("2/3", 0, (96, 96)), ("3/2", 90, (64, 144)), ("1/1", 0, (96, 64)), ("1/900", 0, (96, 64))],
)
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_pixels_are_square(
    aspect: str, rotation: int, size: tuple[int, int], ending: str, video: Path, tmp_path: Path
) -> None:
    wide = ffmpeg("-i", video, "-vf", f"setsar={aspect}", "-c:v", "libx264", tmp_path / f"wide.{ending}")
    if rotation:
        wide = ffmpeg("-display_rotation", str(rotation), "-i", wide, "-c", "copy", tmp_path / f"turned.{ending}")
    reader = VideoReader(wide)
    assert reader.size == size
    image = next(reader.frames()).image
    assert image.shape == (size[1], size[0], 3)


def test_no_detail_is_lost_by_square_pixels() -> None:
    assert square_pixels(1440, 1080, Fraction(4, 3)) == (1920, 1080)
    assert square_pixels(720, 480, Fraction(8, 9)) == (720, 540)
    assert square_pixels(720, 480, None) == (720, 480)


@pytest.mark.parametrize(
    ("matrix", "range_", "tags"),
    [
        ("bt709", "tv", ("-colorspace", "bt709")),
        ("bt601", "tv", ("-colorspace", "smpte170m")),
        ("bt601", "pc", ("-colorspace", "smpte170m", "-color_range", "pc")),
        ("bt2020", "tv", ("-colorspace", "bt2020nc")),
        ("bt601", "tv", ()),  # what FFmpeg assumes if the file does not tell it
    ],
)
@pytest.mark.parametrize("pixels", ["yuv444p", "yuv420p10le"])
def test_colors_are_right(matrix: str, range_: str, tags: tuple[str, ...], pixels: str, tmp_path: Path) -> None:
    color = "0x{:02x}{:02x}{:02x}".format(*COLOR)
    scale = f"scale=out_color_matrix={matrix}:out_range={range_},format={pixels}"
    source = ("-f", "lavfi", "-i", f"color={color}:size=96x64,format=rgb24", "-frames:v", "1", "-vf", scale)
    path = ffmpeg(*source, "-c:v", "libx264", "-qp", "0", *tags, tmp_path / "color.mkv")
    np.testing.assert_allclose(first_image(path)[10, 10], COLOR, atol=4)


HDR = ("-color_primaries", "bt2020", "-colorspace", "bt2020nc", "-pix_fmt", "yuv420p10le")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("-c:v", "libx264", *HDR, "-color_trc", "smpte2084"), range(6)),
        (("-c:v", "libx264", *HDR, "-color_trc", "arib-std-b67"), range(6)),
        (("-c:v", "libx264", "-flags", "+ildct+ilme"), range(6)),
        (("-c:v", "libx264", "-r", "240"), np.arange(48) // 8),
        (("-c:v", "mpeg2video", "-q:v", "2", "-vf", "fps=24000/1001,telecine", "-t", "0.2"), None),
        (("-c:v", "qtrle", "-pix_fmt", "argb"), range(6)),
        (("-c:v", "prores_ks", "-pix_fmt", "yuva444p10le"), range(6)),
        (("-c:v", "libx264", "-vf", "scale=97:65,format=yuv444p"), range(6)),
        (("-c:v", "mpeg4", "-q:v", "2", "-vf", "scale=97:65"), range(6)),
        (("-c:v", "mpeg4", "-q:v", "2", "-vf", "scale=3840:2160", "-frames:v", "2"), range(2)),
        (("-c:v", "libx264", "-frames:v", "1"), range(1)),
        (("-c:v", "libx264", "-frames:v", "2"), range(2)),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_unusual_pictures_are_read(
    arguments: tuple[str, ...], expected: range | np.ndarray | None, video: Path, tmp_path: Path
) -> None:
    reader = VideoReader(ffmpeg("-i", video, *arguments, tmp_path / "odd.mov"))
    images = [frame.image for frame in reader.frames()]
    assert images[0].shape == (reader.height, reader.width, 3) and images[0].dtype == np.uint8
    if expected is None:  # telecine: 29.97 images per second, with fields of two
        assert reader.fps == pytest.approx(30000 / 1001) and len(images) == 6
    else:
        assert [image_number(image) for image in images] == list(expected)
    assert images[0].max() > 150 and not reader.warnings


def test_tiny_picture_is_read(video: Path, tmp_path: Path) -> None:
    reader = VideoReader(ffmpeg("-i", video, "-vf", "scale=2:2,setsar=1", "-c:v", "ffv1", tmp_path / "tiny.mkv"))
    assert reader.size == (2, 2) and len(list(reader.frames())) == 6


def test_change_of_size_keeps_that_of_the_first_picture(video: Path, tmp_path: Path) -> None:
    small = ffmpeg("-i", video, "-vf", "scale=48:32", "-c:v", "mpeg2video", tmp_path / "small.ts")
    large = ffmpeg("-i", video, "-c:v", "mpeg2video", tmp_path / "large.ts")
    path = tmp_path / "both.ts"
    path.write_bytes(large.read_bytes() + small.read_bytes())
    images = [frame.image for frame in VideoReader(path).frames()]
    assert len(images) >= 11 and {image.shape for image in images} == {(HEIGHT, WIDTH, 3)}


def test_change_of_shape_keeps_the_proportions(tmp_path: Path) -> None:
    """A phone that is turned during a call records portrait after landscape."""
    wide = write_images(tmp_path / "wide.mp4", 6)
    parts = []
    for name, scale in (("wide.ts", "96:64"), ("tall.ts", "64:96")):
        parts.append(
            ffmpeg("-i", wide, "-vf", f"scale={scale},setsar=1", "-c:v", "mpeg2video", "-q:v", "2", tmp_path / name)
        )
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    frame = list(VideoReader(path).frames())[-1]
    left, right = (WIDTH - 43) // 2, (WIDTH + 43) // 2
    for image in (frame.image, frame.picture.sample(WIDTH, HEIGHT)):
        assert image.shape[:2] == (HEIGHT, WIDTH)
        assert image[:, : left - 1].max() < 8 and image[:, right + 1 :].max() < 8
    assert image_number(frame.image[:, left:right]) == 5


def test_interlaced_pictures_show_one_moment(tmp_path: Path) -> None:
    """A bar that moves is only where it is in the even lines; what stands still keeps its detail."""
    moments = np.full((2, 256, 320), 40, np.uint8)
    for moment, left in enumerate((100, 130)):
        moments[moment, 64:192, left : left + 60] = 200
    moments[:, 20:40:2, 20:60] = 48  # a faint pattern of single lines
    woven = moments[0].copy()
    woven[1::2] = moments[1, 1::2]
    cv2.imwrite(str(tmp_path / "woven.png"), woven)
    code = ("-pix_fmt", "yuv444p", "-c:v", "libx264", "-qp", "0")
    for flags, expected in ((("-flags", "+ildct+ilme", "-x264opts", "tff=1"), moments[0]), ((), woven)):
        video = ffmpeg("-i", tmp_path / "woven.png", *code, *flags, tmp_path / "woven.mkv")
        off = np.abs(first_image(video)[..., 1].astype(int) - expected) > 8
        assert not off[:62].any() and not off[66:190].any() and off.mean() < 0.01


@pytest.mark.parametrize(("orientation", "expected"), [(1, "RGBW"), (3, "WBGR"), (6, "BRWG"), (8, "GWRB")])
def test_pictures_with_exif_data_are_read(orientation: int, expected: str, tmp_path: Path) -> None:
    """Cameras write EXIF data into each picture of a motion JPEG video."""
    entry = struct.pack("<HHHIHH", 1, 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + entry + bytes(4)
    jpeg = cv2.imencode(".jpg", np.ascontiguousarray(quadrants()[..., ::-1]))[1].tobytes()
    for number in range(3):
        content = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]
        (tmp_path / f"{number}.jpg").write_bytes(content)
    path = ffmpeg("-framerate", "30", "-i", str(tmp_path / "%d.jpg"), "-c", "copy", tmp_path / "camera.avi")
    images = [frame.image for frame in VideoReader(path).frames()]
    assert [shown_quadrants(image) for image in images] == [expected] * 3


@pytest.mark.parametrize("turn", ["0", "90"])
def test_sampled_brightness_is_that_of_the_shown_picture(turn: str, tmp_path: Path) -> None:
    ramps = np.linspace(0, 180, 480)[None] + np.linspace(0, 75, 320)[:, None]  # brightest at the bottom right
    cv2.imwrite(str(tmp_path / "gray.png"), ramps.astype(np.uint8))
    stored = ffmpeg("-i", tmp_path / "gray.png", "-pix_fmt", "yuv420p", tmp_path / "stored.mp4")
    video = ffmpeg("-display_rotation", turn, "-i", stored, "-c", "copy", tmp_path / "shown.mp4")
    frame = next(VideoReader(video).frames())
    sampled = frame.picture.sample(100, 100)
    step = min(frame.image.shape[:2]) // 100
    assert sampled.shape == tuple(side // step for side in frame.image.shape[:2])
    whole = cv2.resize(frame.image[..., 1], sampled.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(sampled.astype(int) - whole).max() < 5
