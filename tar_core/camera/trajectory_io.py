"""Readers for camera trajectories from other programs: `.npz` files and COLMAP text models.

An `.npz` file has these arrays for F frames (docs/file_format.md):

    rotations     [F, 3, 3]   R, and
    translations  [F, 3]      t, meters: x_camera = R x_world + t with OpenCV's camera axes (x right, y down, z forward)
    frames        [F]         frame numbers of the video, increasing; optional, default 0, 1, 2, ...
    focal         [F] or one  focal length in pixels of the video; optional
    up            [3]         direction against gravity in the world; optional, default: estimated with the floor

A COLMAP text model (Schoenberger and Frahm, CVPR 2016) has the files `images.txt` and `cameras.txt`. Its images are the
frames of the video in the order of their names. If all names have numbers, a gap in the numbers is a gap in the frames.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError
from tar_core.npz import MAX_FRAME, MAX_LENGTH, WHOLE_NUMBER, Form, read_npz
from tar_core.rotations import matrix_to_quaternion, quaternion_to_matrix, rotation_between, slerp_at

_FORMS = {
    "rotations": Form(shape=("F", 3, 3)),
    "translations": Form(shape=("F", 3)),
    "frames": Form(WHOLE_NUMBER, ("F",), low=0, high=MAX_FRAME, optional=True),
    "focal": Form(shape=("...",), optional=True),
    "up": Form(shape=(3,), optional=True),
}
_WORLD_UP = np.array([0.0, 0.0, 1.0])
_TOLERANCE = 1e-3  # largest difference of R R^T from the identity
# COLMAP's camera models whose parameters begin with one focal length, or with one for each axis.
_ONE_FOCAL_LENGTH = ("SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE")
_TWO_FOCAL_LENGTHS = ("PINHOLE", "OPENCV", "OPENCV_FISHEYE", "FULL_OPENCV", "FOV", "THIN_PRISM_FISHEYE")


@dataclass(frozen=True)
class KnownCamera:
    """A camera trajectory from a file.

    Attributes:
        trajectory: the trajectory.
        focal_length: focal length in pixels at a zoom factor of 1; None if the file has none.
    """

    trajectory: CameraTrajectory
    focal_length: float | None


def read_camera_trajectory(path: str | Path, size: tuple[int, int]) -> KnownCamera:
    """Read a camera trajectory.

    Args:
        path: an `.npz` file, the folder of a COLMAP text model, or its `images.txt`.
        size: width and height of the video, pixels.

    Raises:
        TarError: the file does not exist, or is not a camera trajectory.
    """
    path = Path(path)
    if path.is_dir() or path.name == "images.txt":
        return _read_colmap(path if path.is_dir() else path.parent, size)
    if not path.is_file():
        raise TarError(f"{path}: no such camera trajectory; give an .npz file or the folder of a COLMAP text model")
    if path.suffix.lower() != ".npz":
        raise TarError(f"{path}: a camera trajectory is an .npz file or the folder of a COLMAP text model (images.txt)")
    return _read_npz(path)


def _read_npz(path: Path) -> KnownCamera:
    data = read_npz(path, _FORMS, "not a camera trajectory", "it needs rotations [F, 3, 3] and translations [F, 3]")
    rotations, translations = data["rotations"].astype(np.float64), data["translations"].astype(np.float64)
    frames = data.get("frames", np.arange(len(rotations)))
    focal_length, up = (data[name].astype(np.float64) if name in data else None for name in ("focal", "up"))
    if up is not None and not up.any():
        raise TarError(f"{path}: up must be a direction, not zero")
    return _known_camera(path, frames, rotations, translations, focal_length, up)


def _read_colmap(folder: Path, size: tuple[int, int]) -> KnownCamera:
    if (folder / "images.bin").is_file() and not (folder / "images.txt").is_file():
        raise TarError(f"{folder}: this is a binary COLMAP model; run colmap model_converter with --output_type TXT")
    focal_lengths = _colmap_focal_lengths(folder / "cameras.txt", size)
    lines = _lines(folder / "images.txt")[::2]  # every second line, empty or not, lists the image's points
    try:
        rows = sorted(
            (" ".join(fields[9:]), [float(x) for x in fields[1:8]], fields[8]) for fields in map(str.split, lines)
        )
        names = [name for name, _, _ in rows]
        poses = np.array([pose for _, pose, _ in rows]).reshape(-1, 7)
        focal_length = np.array([focal_lengths[camera] for _, _, camera in rows])
        rotations = quaternion_to_matrix(poses[:, :4])
    except (ValueError, IndexError, KeyError) as error:
        raise TarError(
            f"{folder}: images.txt is not in COLMAP's format ({error}); export the model as text again"
        ) from error
    return _known_camera(folder, _frame_numbers(names), rotations, poses[:, 4:], focal_length, None)


def _colmap_focal_lengths(path: Path, size: tuple[int, int]) -> dict[str, float]:
    """Focal length of each camera in pixels of the video, whose frames may have been scaled for COLMAP."""
    focal_lengths = {}
    for line in _lines(path):
        fields = line.split()
        if not fields:
            continue
        try:
            number, model, width = fields[0], fields[1], float(fields[2])
            if model not in (*_ONE_FOCAL_LENGTH, *_TWO_FOCAL_LENGTHS):
                raise ValueError(f"unknown camera model {model}")
            numbers = [float(x) for x in fields[4 : 5 if model in _ONE_FOCAL_LENGTH else 6]]
            if not numbers:
                raise ValueError("no focal length")
            focal_lengths[number] = float(np.mean(numbers)) * size[0] / width
        except (ValueError, IndexError, ZeroDivisionError) as error:
            raise TarError(f"{path}: not in COLMAP's format ({error}); export the model as text again") from error
    return focal_lengths


def _lines(path: Path) -> list[str]:
    """All lines except comments; empty lines are kept."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TarError(f"{path}: cannot be read; a COLMAP text model has images.txt and cameras.txt") from error
    return [line for line in text.splitlines() if not line.startswith("#")]


def _frame_numbers(names: list[str]) -> np.ndarray:
    """Frame numbers [F] from sorted file names, starting at 0.

    They follow the last number in each name, or the order of the names if these numbers are missing or do not increase.
    """
    numbers = [re.findall(r"\d+", Path(name).stem) for name in names]
    if numbers and all(numbers):
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
    """Check the arrays of a file and interpolate the frames between its frames.

    Args:
        path: named in error messages.

    Raises:
        TarError: the arrays are not a camera trajectory.
    """
    count = len(frames)
    if rotations.shape != (count, 3, 3) or translations.shape != (count, 3) or count == 0:
        raise TarError(
            f"{path}: rotations [F, 3, 3], translations [F, 3] and frames [F] must have the same number of frames"
        )
    if not (np.isfinite(rotations).all() and np.isfinite(translations).all()):
        raise TarError(f"{path}: has values that are not finite")
    if (np.abs(rotations @ rotations.transpose(0, 2, 1) - np.eye(3)) > _TOLERANCE).any() or (
        np.linalg.det(rotations) < 0
    ).any():
        raise TarError(f"{path}: rotations must be rotation matrices; write x_camera = R x_world + t without a scale")
    if frames.dtype.kind not in "iu" or (np.diff(frames) <= 0).any():
        raise TarError(f"{path}: frames must be increasing whole numbers")
    if frames[-1] - frames[0] >= MAX_LENGTH:
        raise TarError(f"{path}: frames {frames[0]} to {frames[-1]} are too many; at most {MAX_LENGTH} are read")
    if focal_length is not None and (
        focal_length.shape not in ((), (count,)) or not (focal_length > 0).all() or not np.isfinite(focal_length).all()
    ):
        raise TarError(f"{path}: focal must be one number above zero, or one for each frame")
    if up is not None:
        rotations = rotations @ rotation_between(up, _WORLD_UP).T
    positions = -(rotations.transpose(0, 2, 1) @ translations[..., None])[..., 0]
    focal_lengths = np.ones(count) if focal_length is None else np.broadcast_to(focal_length, count)
    every = np.arange(frames[0], frames[-1] + 1)
    filled = CameraTrajectory.from_poses(
        int(frames[0]),
        quaternion_to_matrix(slerp_at(every, frames, matrix_to_quaternion(rotations))),
        np.stack([np.interp(every, frames, column) for column in positions.T], 1),
        np.interp(every, frames, focal_lengths) / focal_lengths[0],
        world_is_upright=up is not None,
    )
    return KnownCamera(filled, None if focal_length is None else float(focal_lengths[0]))
