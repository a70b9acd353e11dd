"""Files of every kind that is read, damaged in many places: an error of one line, or a usable result; nothing else.

The places are chosen by fixed seeds, so that a failure repeats.
"""

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tar_core.amass import load_motion
from tar_core.body.data import load_body
from tar_core.camera.trajectory_io import read_camera_trajectory
from tar_core.errors import TarError
from tar_core.model.weights import DEFAULT_CHECKPOINT, read_checkpoint
from tar_core.people.selection import Pictures, Scan
from tar_core.shot_files import load_shots, save_shots
from tar_core.video.reader import VideoReader
from tests.support.clips import clips_of_shots, detected_person, make_clip, make_person
from tests.support.smpl_files import smpl_content
from tests.support.videos import ffmpeg, write_images

pytestmark = pytest.mark.slow
EACH = 60  # damaged versions of each file


def damaged(content: bytes, seed: int) -> bytes:
    """A version of a file with flipped bits, a cut, a gap, repeated or foreign bytes, most near the beginning."""
    random = np.random.default_rng(seed)
    data = bytearray(content)
    place = int(len(data) * random.uniform() ** random.choice([1, 3]))
    length = int(random.integers(1, max(2, len(data) // 4)))
    kind = random.integers(6)
    if kind == 0:
        for _ in range(random.integers(1, 9)):
            data[int(len(data) * random.uniform() ** 2)] ^= 1 << random.integers(8)
    elif kind == 1:
        del data[place:]
    elif kind == 2:
        del data[place : place + length]
    elif kind == 3:
        data[place:place] = data[place : place + length]
    elif kind == 4:
        data[place : place + 8] = random.choice([b"\xff" * 8, b"\0" * 8, b"\x7f" + b"\xff" * 7, b"99999999"])
    else:
        data[place : place + length] = random.bytes(length)
    return bytes(data)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A valid file of each kind."""
    folder = tmp_path_factory.mktemp("valid")
    person = make_person(1, 20)
    make_clip([person]).save(folder / "motion.npz")
    save_shots(folder / "shots.npz", clips_of_shots())
    np.savez_compressed(
        folder / "amass.npz", poses=np.zeros((9, 156)), trans=np.zeros((9, 3)), mocap_framerate=np.float64(60)
    )
    np.savez(folder / "camera.npz", rotations=np.tile(np.eye(3), (5, 1, 1)), translations=np.zeros((5, 3)), focal=900.0)
    (folder / "images.txt").write_text("".join(f"{k} 1 0 0 0 0 0 {k} 1 frame_{k:03}.png\n\n" for k in range(9)))
    (folder / "cameras.txt").write_text("1 PINHOLE 1920 1080 900 900 960 540\n")
    pictures = Pictures(np.array([0, 8]), np.zeros((2, 9, 16, 3), np.uint8), 2.0)
    Scan([detected_person(1, 30), detected_person(2, 90)], [], pictures).save(folder / "people.npz")
    content = smpl_content()
    np.savez(folder / "SMPL_NEUTRAL.npz", **content | {"J_regressor": np.asarray(content["J_regressor"].todense())})
    (folder / "SMPL_NEUTRAL.pkl").write_bytes(pickle.dumps(content, protocol=2))
    (folder / "network.safetensors").write_bytes(DEFAULT_CHECKPOINT.read_bytes())
    video = write_images(folder / "video.mp4", 30)
    ffmpeg("-i", video, "-c:v", "libx264", "-bf", "2", folder / "video.mkv")
    ffmpeg("-i", video, "-c:v", "mpeg4", folder / "video.avi")
    ffmpeg("-i", video, "-t", "0.3", folder / "video.gif")
    ffmpeg("-i", video, "-c:v", "libvpx-vp9", folder / "video.webm")
    ffmpeg("-i", video, "-c:v", "mpeg2video", folder / "video.ts")
    return {path.name: path for path in folder.iterdir()}


def read_video(path: Path) -> None:
    reader = VideoReader(path)
    for frame in reader.frames(end=100):
        assert frame.image.shape == (reader.height, reader.width, 3)


def read_colmap(path: Path) -> None:
    read_camera_trajectory(path.parent, (1920, 1080))


READERS: dict[str, Callable[[Path], object]] = {
    "motion.npz": load_shots,
    "shots.npz": load_shots,
    "amass.npz": lambda path: load_motion(path, load_body()),
    "camera.npz": lambda path: read_camera_trajectory(path, (1920, 1080)),
    "images.txt": read_colmap,
    "cameras.txt": read_colmap,
    "people.npz": Scan.load,
    "SMPL_NEUTRAL.npz": load_body,
    "SMPL_NEUTRAL.pkl": load_body,
    "network.safetensors": read_checkpoint,
    **dict.fromkeys(["video.mp4", "video.mkv", "video.avi", "video.gif", "video.webm", "video.ts"], read_video),
}


def versions(name: str, files: dict[str, Path], folder: Path) -> Iterator[tuple[int, Path]]:
    """Damaged versions of a file, beside the other files of its folder."""
    for other in ("images.txt", "cameras.txt"):
        (folder / other).write_bytes(files[other].read_bytes())
    content = files[name].read_bytes()
    for seed in range(EACH):
        (folder / name).write_bytes(damaged(content, seed))
        yield seed, folder / name


@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_one_line_or_usable(name: str, files: dict[str, Path], tmp_path: Path) -> None:
    READERS[name](files[name])  # the valid file is read
    num_rejected = 0
    for seed, path in versions(name, files, tmp_path):
        try:
            READERS[name](path)
        except TarError as error:
            num_rejected += 1
            assert "\n" not in str(error) and len(str(error)) < 1000, (seed, error)
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error
    assert num_rejected, "the damage has no effect"
