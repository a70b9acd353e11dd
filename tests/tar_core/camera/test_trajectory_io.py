"""Reading of camera trajectories from NumPy archives and COLMAP text models."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tar_core.camera.trajectory_io import KnownCamera, read_camera_trajectory
from tar_core.errors import TarError
from tar_core.rotations import axis_angle_to_matrix, axis_angle_to_quaternion

SIZE = (1920, 1080)
ROTATION_VECTORS = np.array([[0.1, 2.0, 0.3], [0.1, 2.1, 0.3], [0.2, 2.2, 0.2], [0.3, 2.3, 0.1]])
POSITIONS = np.array([[1, 2, 3], [1.1, 2, 3], [1.4, 2, 3.1], [2, 2, 3.0]])
POINTS = np.random.default_rng(0).normal(size=(6, 3))


def archive(path: Path, **other: Any) -> Path:
    rotations = axis_angle_to_matrix(ROTATION_VECTORS)
    keys = {"rotations": rotations, "translations": -np.einsum("fij,fj->fi", rotations, POSITIONS), **other}
    np.savez(path, **{key: value for key, value in keys.items() if value is not None})
    return path


def colmap(folder: Path, names: list[str], model: str = "SIMPLE_RADIAL 960 540 1000 480 270 0.01") -> Path:
    rotations = axis_angle_to_matrix(ROTATION_VECTORS)
    lines = ["# Image list with two lines of data per image:"]
    for k, name in enumerate(names):
        numbers = [*axis_angle_to_quaternion(ROTATION_VECTORS[k]), *(-rotations[k] @ POSITIONS[k])]
        lines += [f"{k + 7} {' '.join(map(str, numbers))} 1 {name}", "" if k % 2 else "10.5 20.5 -1"]
    (folder / "images.txt").write_text("\n".join(lines[:1] + _shuffled(lines[1:])) + "\n")
    (folder / "cameras.txt").write_text(f"# Camera list\n1 {model}\n")
    return folder


def _shuffled(lines: list[str]) -> list[str]:
    """Reversed order of the images, each with its two lines: COLMAP does not sort them."""
    pairs = [lines[k : k + 2] for k in range(0, len(lines), 2)]
    return [line for pair in pairs[::-1] for line in pair]


def assert_same_trajectory(known: KnownCamera, frames: np.ndarray) -> None:
    """Points have the same coordinates in each camera as with the original poses."""
    rotations = axis_angle_to_matrix(ROTATION_VECTORS)
    in_clip = (POINTS - POSITIONS[0]) @ rotations[0].T
    seen = (in_clip - known.trajectory.positions_at(frames)[:, None]) @ known.trajectory.rotations_at(frames).transpose(
        0, 2, 1
    )
    np.testing.assert_allclose(seen, (POINTS - POSITIONS[:, None]) @ rotations.transpose(0, 2, 1), atol=1e-9)


def test_archive(tmp_path: Path) -> None:
    known = read_camera_trajectory(archive(tmp_path / "path.npz", focal=np.array([900, 900, 1800, 1800.0])), SIZE)
    assert_same_trajectory(known, np.arange(4))
    assert known.focal_length == 900 and known.trajectory.world is None
    np.testing.assert_allclose(known.trajectory.zoom_factors, [1, 1, 2, 2])


def test_missing_frames_of_an_archive_are_interpolated(tmp_path: Path) -> None:
    known = read_camera_trajectory(archive(tmp_path / "path.npz", frames=np.array([5, 6, 8, 20])), SIZE)
    assert (known.trajectory.first_frame, known.trajectory.last_frame, known.focal_length) == (5, 20, None)
    assert_same_trajectory(known, np.array([5, 6, 8, 20]))
    middle = known.trajectory.positions_at(np.array([6, 7, 8]))
    np.testing.assert_allclose(middle[1], (middle[0] + middle[2]) / 2, atol=1e-12)


def test_world_with_up_is_rotated_to_z_up(tmp_path: Path) -> None:
    known = read_camera_trajectory(archive(tmp_path / "path.npz", up=np.array([0, 2.0, 0])), SIZE)
    assert_same_trajectory(known, np.arange(4))
    world = known.trajectory.world
    np.testing.assert_allclose(world[2, 3], POSITIONS[0, 1], atol=1e-12)  # its y is up
    upright = read_camera_trajectory(archive(tmp_path / "path.npz", up=np.array([0, 0, 1.0])), SIZE).trajectory.world
    np.testing.assert_allclose(upright[:3, 3], POSITIONS[0], atol=1e-12)
    np.testing.assert_allclose(upright[:3, :3], axis_angle_to_matrix(ROTATION_VECTORS[0]).T, atol=1e-12)


def test_colmap_model_by_folder_or_file(tmp_path: Path) -> None:
    folder = colmap(tmp_path, [f"frame_{k:04d}.png" for k in (3, 4, 6, 9)])
    for path in (folder, folder / "images.txt"):
        known = read_camera_trajectory(path, SIZE)
        assert_same_trajectory(known, np.array([0, 1, 3, 6]))
        assert known.focal_length == 2000  # the video is twice as large as COLMAP's images
        assert known.trajectory.world is None and not known.trajectory.has_zoom


def test_colmap_images_without_numbers_are_sorted_by_name(tmp_path: Path) -> None:
    known = read_camera_trajectory(
        colmap(tmp_path, ["a b.png", "c.png", "d.png", "e.png"], "OPENCV 1920 1080 900 910 9 9"), SIZE
    )
    assert_same_trajectory(known, np.arange(4))
    assert known.focal_length == 905


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"rotations": None}, "not a camera trajectory"),
        ({"rotations": 2 * axis_angle_to_matrix(ROTATION_VECTORS)}, "must be rotation matrices"),
        (
            {"rotations": axis_angle_to_matrix(ROTATION_VECTORS)[:3]},
            r"translations has the shape \[4, 3\], expected \[3, 3\]",
        ),
        ({"translations": np.full((4, 3), np.nan)}, "not finite"),
        ({"frames": np.array([0, 2, 1, 3])}, "increasing whole numbers"),
        ({"frames": np.array([0, 0.5, 1, 3])}, "frames has values of the type float64"),
        ({"frames": np.array([0, 1, 2, 9_000_000])}, "too many"),
        ({"frames": np.array([0, 1, 2, 2**62])}, "frames must be from 0 to"),
        ({"focal": np.array([1.0, 2.0])}, "focal must be"),
        ({"focal": np.float64(-3)}, "focal must be"),
        ({"up": np.zeros(3)}, "up must be"),
    ],
)
def test_invalid_archives_are_rejected_in_one_line(tmp_path: Path, other: dict[str, Any], message: str) -> None:
    with pytest.raises(TarError, match=message) as error:
        read_camera_trajectory(archive(tmp_path / "path.npz", **other), SIZE)
    assert "\n" not in str(error.value)


def test_other_files_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(TarError, match="no such camera trajectory"):
        read_camera_trajectory(tmp_path / "gone.npz", SIZE)
    (tmp_path / "path.csv").write_text("1,2")
    with pytest.raises(TarError, match="is an .npz file or the folder"):
        read_camera_trajectory(tmp_path / "path.csv", SIZE)
    (tmp_path / "path.npz").write_bytes(b"PK broken")
    with pytest.raises(TarError, match="not a camera trajectory"):
        read_camera_trajectory(tmp_path / "path.npz", SIZE)
    with pytest.raises(TarError, match="has images.txt and cameras.txt"):
        read_camera_trajectory(tmp_path, SIZE)
    (tmp_path / "images.bin").write_bytes(b"")
    with pytest.raises(TarError, match="model_converter"):
        read_camera_trajectory(tmp_path, SIZE)


@pytest.mark.parametrize("broken", ["1 0.5 0.5", "1 a b c d e f g 1 x.png", "1 1 0 0 0 0 0 0 99 x.png"])
def test_damaged_colmap_models_are_rejected(tmp_path: Path, broken: str) -> None:
    colmap(tmp_path, [])
    (tmp_path / "images.txt").write_text(broken + "\n\n")
    with pytest.raises(TarError, match="not in COLMAP's format"):
        read_camera_trajectory(tmp_path, SIZE)


def test_unknown_colmap_camera_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(TarError, match="unknown camera model MOON"):
        read_camera_trajectory(colmap(tmp_path, ["1.png"], "MOON 10 10 5"), SIZE)
