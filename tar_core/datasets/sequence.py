"""The common form of all datasets: one person in consecutive images of one camera. Helpers for the readers."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.body.data import BodyData, load_body
from tar_core.body.shape import rest_joints
from tar_core.body.smpl_pickle import read_smpl_pickle, to_array
from tar_core.errors import TarError
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle

GENDERS = ("neutral", "male", "female")


@dataclass(frozen=True)
class PersonSequence:
    """One person in N consecutive images. Camera coordinates follow OpenCV's convention; lengths are in meters.

    Attributes:
        name: unique within the dataset.
        images: N paths of image files.
        fps: images per second; 0 for a single image.
        focal_length: pixels.
        principal_point: [2] pixels.
        frame_size: width and height, pixels.
        gender: of the SMPL body that the parameters belong to.
        poses: [N, 24, 3] axis-angle, global_orient in camera coordinates; None if there are no SMPL parameters.
        betas: [10]; None if there are no SMPL parameters.
        trans: [N, 3] SMPL's translation in camera coordinates; None if there are no SMPL parameters.
        valid: [N] whether the frame may be used.
        joints: [N, 17, 3] measured joints in camera coordinates, in the order of `datasets.joints.H36M_NAMES`, or None.
        joints_2d: [N, 17, 2] the same joints in image pixels, or None.
    """

    name: str
    images: list[Path]
    fps: float
    focal_length: float
    principal_point: np.ndarray
    frame_size: tuple[int, int]
    gender: str
    poses: np.ndarray | None
    betas: np.ndarray | None
    trans: np.ndarray | None
    valid: np.ndarray
    joints: np.ndarray | None = None
    joints_2d: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.images)

    def part(self, index: slice) -> "PersonSequence":
        """Select frames; a step in `index` lowers the frame rate."""

        def of(array: np.ndarray | None) -> np.ndarray | None:
            return None if array is None else array[index]

        return PersonSequence(
            self.name,
            self.images[index],
            self.fps / (index.step or 1),
            self.focal_length,
            self.principal_point,
            self.frame_size,
            self.gender,
            of(self.poses),
            self.betas,
            of(self.trans),
            self.valid[index],
            of(self.joints),
            of(self.joints_2d),
        )


# Reads a split: (root folder, split, bodies by gender) -> sequences.
Reader = Callable[[Path, str, Mapping[str, BodyData]], Iterator[PersonSequence]]


def load_bodies(folder: Path) -> dict[str, BodyData]:
    """Load the user's SMPL files SMPL_NEUTRAL, SMPL_MALE and SMPL_FEMALE (.pkl or .npz), as far as they exist.

    Returns:
        The bodies by gender.

    Raises:
        TarError: the folder holds none of them, or one is damaged.
    """
    found = {}
    for gender in GENDERS:
        for suffix in (".npz", ".pkl"):
            path = folder / f"SMPL_{gender.upper()}{suffix}"
            if gender not in found and path.is_file():
                found[gender] = load_body(path)
    if not found:
        raise TarError(
            f"{folder}: no SMPL_NEUTRAL, SMPL_MALE or SMPL_FEMALE (.pkl or .npz); register at smpl.is.tue.mpg.de,"
            " download SMPL for Python and put its files there under these names"
        )
    return found


def body_for(bodies: Mapping[str, BodyData], gender: str) -> BodyData:
    """Look up the body of a gender.

    Raises:
        TarError: there is none.
    """
    if gender not in bodies:
        raise TarError(f"this dataset needs SMPL_{gender.upper()} (.pkl or .npz); put it beside the other bodies")
    return bodies[gender]


def rest_pelvis(body: BodyData, betas: np.ndarray) -> np.ndarray:
    """[3] SMPL's pelvis before the translation; the body rotates about it."""
    return rest_joints(body, betas)[0]


def to_camera(
    orient: np.ndarray, trans: np.ndarray, pelvis: np.ndarray, rotation: np.ndarray, translation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Convert SMPL's global_orient and translation from the world to a camera x_c = R x + t.

    Args:
        orient: [N, 3] axis-angle.
        trans: [N, 3].
        pelvis: [3] or [N, 3] the pelvis at rest (`rest_pelvis`); the body rotates about it, not about its origin.
        rotation: [3, 3] or [N, 3, 3] of the camera.
        translation: [3] or [N, 3] of the camera.

    Returns:
        global_orient [N, 3] and translation [N, 3] in camera coordinates.
    """
    camera_orient = matrix_to_axis_angle(rotation @ axis_angle_to_matrix(orient))
    camera_trans = (rotation @ (trans + pelvis)[..., None])[..., 0] + translation - pelvis
    return camera_orient, camera_trans


def require(path: Path, hint: str) -> Path:
    """Check that a path exists.

    Args:
        hint: what to download from where, and where to put it.

    Raises:
        TarError: it does not exist.
    """
    if not path.exists():
        raise TarError(f"{path} is missing; {hint}")
    return path


def read_json(path: Path, hint: str) -> Any:
    """Read a JSON file.

    Args:
        hint: see `require`.

    Raises:
        TarError: the file is missing or damaged.
    """
    try:
        return json.loads(require(path, hint).read_text())
    except (OSError, ValueError) as error:
        raise TarError(f"{path}: not a readable JSON file ({error}); download it again") from error


def read_pickle(path: Path) -> dict[str, Any]:
    """Read the dictionary in a dataset's .pkl file without running any code that the file names.

    Raises:
        TarError: the file is damaged, or holds more than numbers, text and arrays of them.
    """

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(entry) for name, entry in value.items()}
        if isinstance(value, list | tuple):
            return [plain(entry) for entry in value]
        try:
            return value if isinstance(value, str | bytes | int | float | bool | None) else to_array(value)
        except ValueError:
            return None  # texture maps and other objects that no reader uses

    return plain(read_smpl_pickle(path))


def layout_error(path: Path, error: Exception) -> TarError:
    """The error for a file without the contents that its dataset's layout prescribes."""
    return TarError(f"{path}: does not have its dataset's layout ({error!r}); download it again")
