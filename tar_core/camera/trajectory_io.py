"""Camera paths that were solved or animated elsewhere: `.npz` files, and COLMAP's text models.

An `.npz` holds, for F frames (docs/motion_file.md):

    rotations     [F, 3, 3] and
    translations  [F, 3]      x_camera = R x_world + t, the camera's axes OpenCV's (x right, y down, z forward), meters
    frames        [F]         the video's frame numbers, rising; optional: 0, 1, 2, ...
    focal_length         [F] or one  focal length in pixels of the video; optional
    up            [3]         against gravity in the world; optional: else people's feet tell where the floor is

COLMAP (Schoenberger and Frahm, CVPR 2016) writes `images.txt` and `cameras.txt`; its pictures are the video's frames in
the order of their names, and where all names hold numbers, a gap in the numbers is a gap in the frames.
"""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError
from tar_core.rotations import matrix_to_quaternion, quaternion_to_matrix, rotation_between, slerp_at

_WORLD_UP = np.array([0.0, 0.0, 1.0])
_TOLERANCE = 1e-3  # by which R^T R may differ from the unit matrix
# Models of COLMAP's with one focal length, or one for each axis, before all else.
_ONE_FOCAL = ("SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE")
_TWO_FOCALS = ("PINHOLE", "OPENCV", "OPENCV_FISHEYE", "FULL_OPENCV", "FOV", "THIN_PRISM_FISHEYE")


@dataclass(frozen=True)
class KnownCamera:
    """A camera path, and the focal length that its zooms are multiples of, in pixels; None where the file has none."""

    path: CameraTrajectory
    focal_length: float | None


def read_camera_trajectory(path: str | Path, size: tuple[int, int]) -> KnownCamera:
    """A camera path from an `.npz` file, or from the folder of a COLMAP text model or its `images.txt`.

    Args:
        size: the video's width and height, pixels.

    Raises:
        TarError: no such file, or not a camera path.
    """
    path = Path(path)
    if path.is_dir() or path.name == "images.txt":
        return _read_colmap(path if path.is_dir() else path.parent, size)
    if not path.is_file():
        raise TarError(f"{path}: no such camera path; give an .npz file or the folder of a COLMAP text model")
    if path.suffix.lower() != ".npz":
        raise TarError(f"{path}: a camera path is an .npz file or the folder of a COLMAP text model (images.txt)")
    return _read_npz(path)


def _read_npz(path: Path) -> KnownCamera:
    try:
        with np.load(path, allow_pickle=False) as data:
            rotations = np.asarray(data["rotations"], np.float64)
            translations = np.asarray(data["translations"], np.float64)
            frames = np.asarray(data["frames"]) if "frames" in data else np.arange(len(rotations))
            focal_length = np.asarray(data["focal"], np.float64) if "focal" in data else None
            up = np.asarray(data["up"], np.float64) if "up" in data else None
    except (KeyError, ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise TarError(
            f"{path}: not a camera path ({error}); it needs rotations [F, 3, 3], translations [F, 3]"
        ) from error
    if up is not None and (up.shape != (3,) or not np.isfinite(up).all() or not up.any()):
        raise TarError(f"{path}: up must be a direction of three numbers")
    return _known_camera(path, frames, rotations, translations, focal_length, up)


def _read_colmap(folder: Path, size: tuple[int, int]) -> KnownCamera:
    if (folder / "images.bin").is_file() and not (folder / "images.txt").is_file():
        raise TarError(f"{folder}: a binary COLMAP model; run colmap model_converter with --output_type TXT")
    focal_lengths = _colmap_focals(folder / "cameras.txt", size)
    lines = _lines(folder / "images.txt")[::2]  # every second line, empty or not, lists the picture's points
    try:
        rows = sorted(
            (" ".join(fields[9:]), [float(x) for x in fields[1:8]], fields[8]) for fields in map(str.split, lines)
        )
        names = [name for name, _, _ in rows]
        poses = np.array([pose for _, pose, _ in rows]).reshape(-1, 7)
        focal_length = np.array([focal_lengths[camera] for _, _, camera in rows])
        rotations = quaternion_to_matrix(poses[:, :4])
    except (ValueError, IndexError, KeyError) as error:
        raise TarError(f"{folder}: images.txt is not COLMAP's ({error}); export the model as text again") from error
    return _known_camera(folder, _frame_numbers(names), rotations, poses[:, 4:], focal_length, None)


def _colmap_focals(path: Path, size: tuple[int, int]) -> dict[str, float]:
    """Each camera's focal length in pixels of the video; COLMAP may have seen smaller pictures."""
    focal_lengths = {}
    for line in _lines(path):
        fields = line.split()
        if not fields:
            continue
        try:
            number, model, width = fields[0], fields[1], float(fields[2])
            if model not in (*_ONE_FOCAL, *_TWO_FOCALS):
                raise ValueError(f"the camera model {model}")
            numbers = [float(x) for x in fields[4 : 5 if model in _ONE_FOCAL else 6]]
            focal_lengths[number] = float(np.mean(numbers)) * size[0] / width
        except (ValueError, IndexError, ZeroDivisionError) as error:
            raise TarError(f"{path}: not COLMAP's cameras ({error}); export the model as text again") from error
    return focal_lengths


def _lines(path: Path) -> list[str]:
    """All lines that are no comments, empty ones too."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TarError(f"{path}: cannot be read; a COLMAP text model has images.txt and cameras.txt") from error
    return [line for line in text.splitlines() if not line.startswith("#")]


def _frame_numbers(names: list[str]) -> np.ndarray:
    """[F] by the last number in each name, from 0; by their order, where one has none or two have the same."""
    numbers = [re.findall(r"\d+", Path(name).stem) for name in names]
    if all(numbers):
        frames = np.array([int(found[-1]) for found in numbers])
        if (np.diff(frames) > 0).all():
            return frames - frames[0]
    return np.arange(len(names))


def _known_camera(
    path: Path,
    frames: np.ndarray,
    rotations: np.ndarray,
    translations: np.ndarray,
    focal_length: np.ndarray | None,
    up: np.ndarray | None,
) -> KnownCamera:
    """Checks what a file says, and fills in the frames between."""
    count = len(frames)
    if rotations.shape != (count, 3, 3) or translations.shape != (count, 3) or count == 0:
        raise TarError(f"{path}: rotations [F, 3, 3], translations [F, 3] and frames [F] do not fit together")
    if not (np.isfinite(rotations).all() and np.isfinite(translations).all()):
        raise TarError(f"{path}: holds numbers that are not finite")
    if (np.abs(rotations @ rotations.transpose(0, 2, 1) - np.eye(3)) > _TOLERANCE).any() or (
        np.linalg.det(rotations) < 0
    ).any():
        raise TarError(f"{path}: its rotations are no rotation matrices; write x_camera = R x_world + t without scale")
    if frames.dtype.kind not in "iu" or (np.diff(frames) <= 0).any():
        raise TarError(f"{path}: its frames must be whole numbers that rise")
    if focal_length is not None and (
        focal_length.shape not in ((), (count,)) or not (focal_length > 0).all() or not np.isfinite(focal_length).all()
    ):
        raise TarError(f"{path}: focal must be one number above zero, or one for each frame")
    if up is not None:
        rotations = rotations @ rotation_between(up, _WORLD_UP).T
    places = -(rotations.transpose(0, 2, 1) @ translations[..., None])[..., 0]
    focal_lengths = np.ones(count) if focal_length is None else np.broadcast_to(focal_length, count)
    every = np.arange(frames[0], frames[-1] + 1)
    filled = CameraTrajectory.from_poses(
        int(frames[0]),
        quaternion_to_matrix(slerp_at(every, frames, matrix_to_quaternion(rotations))),
        np.stack([np.interp(every, frames, column) for column in places.T], 1),
        np.interp(every, frames, focal_lengths) / focal_lengths[0],
        world_is_upright=up is not None,
    )
    return KnownCamera(filled, None if focal_length is None else float(focal_lengths[0]))
