"""Small videos whose images show their number, and FFmpeg to change them."""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from tar_core.video.reader import VideoFrame

WIDTH, HEIGHT, FPS = 96, 64, 30.0
BITS = 6  # image k shows the binary digits of k as black and white columns
QUADRANTS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)


def numbered(k: int) -> np.ndarray:
    """Image k: its number in the lower half, and a red corner at the top left."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:16, :16] = (255, 0, 0)
    for bit in range(BITS):
        image[HEIGHT // 2 :, bit * WIDTH // BITS : (bit + 1) * WIDTH // BITS] = 255 * (k >> bit & 1)
    return image


def image_number(image: np.ndarray) -> int:
    """The number that an image [H, W, 3] of any size shows."""
    height, width = image.shape[:2]
    columns = image[3 * height // 4, width // (2 * BITS) :: width // BITS].mean(-1)[:BITS]
    return sum(int(column > 127) << bit for bit, column in enumerate(columns))


def quadrants() -> np.ndarray:
    """A red, a green, a blue and a white quarter."""
    return QUADRANTS.repeat(HEIGHT // 2, 0).repeat(WIDTH // 2, 1)


def shown_quadrants(image: np.ndarray) -> str:
    """The colors of the quarters of an image, from left to right and from top to bottom, such as RGBW."""
    height, width = image.shape[:2]
    colors = QUADRANTS.reshape(4, 3).astype(int)
    found = [image[y, x] for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return "".join("RGBW"[int(np.abs(colors - color).sum(1).argmin())] for color in found)


def write_images(path: Path, count: int, image: Callable[[int], np.ndarray] = numbered, fps: float = FPS) -> Path:
    """Write a video of `image(0)` to `image(count - 1)`; skips the test inside Blender, which has no PyAV."""
    pytest.importorskip("av", reason="writes videos")
    from tar_core.video.writer import VideoWriter

    with VideoWriter(path, fps, WIDTH, HEIGHT) as writer:
        for k in range(count):
            writer.write(image(k))
    return path


def frames_of(images: Iterable[np.ndarray], fps: float = FPS, first: int = 0) -> Iterator["VideoFrame"]:
    """Frames as `VideoReader` returns them, of images [H, W, 3] that are in no file; numbered from `first`."""
    import av

    from tar_core.video.picture import Picture, PictureConverter
    from tar_core.video.reader import VideoFrame

    converter = None
    for index, image in enumerate(images, first):
        decoded = av.VideoFrame.from_ndarray(image, "rgb24")
        converter = converter or PictureConverter(decoded, None)
        yield VideoFrame(index, index / fps, Picture(decoded, converter))


def ffmpeg(*arguments: str | Path) -> Path:
    """Run FFmpeg; return the last argument, the file that it writes."""
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="writes the video files of tests")
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments], check=True)
    return Path(arguments[-1])
