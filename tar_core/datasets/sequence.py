"""What every dataset is read into: one person in consecutive pictures of one camera."""

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
    """One person in N consecutive pictures. The camera's frame is OpenCV's; lengths are meters.

    Attributes:
        name: unique within the dataset.
        images: the pictures' paths, N of them.
        fps: pictures a second; 0 for a single picture.
        focal_length: pixels; principal_point: [2] pixels; frame_size: width and height.
        gender: of the SMPL body that the parameters belong to.
        poses: [N, 24, 3] axis-angle, global_orient in the camera's frame; None where there are no SMPL parameters.
        betas: [10]; trans: [N, 3] SMPL's translation in the camera's frame; None likewise.
        valid: [N] whether the frame may be used.
        joints: [N, 17, 3] measured joints in the camera's frame, in `evaluation.joints.H36M_NAMES`' order, or None.
        joints_2d: [N, 17, 2] where they are in the picture, or None.
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
        """Some of the frames; `index` may leave every second out and so on."""

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


Reader = Callable[[Path, str, Mapping[str, BodyData]], Iterator[PersonSequence]]


def load_bodies(folder: Path) -> dict[str, BodyData]:
    """A researcher's own SMPL files SMPL_NEUTRAL, SMPL_MALE and SMPL_FEMALE (.pkl or .npz), those that are there.

    Raises:
        TarError: there is none, or one is damaged.
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
            " download SMPL for Python, name its files so and put them there"
        )
    return found


def body_of(bodies: Mapping[str, BodyData], gender: str) -> BodyData:
    """The body of a gender.

    Raises:
        TarError: it is not there.
    """
    if gender not in bodies:
        raise TarError(f"this dataset needs SMPL_{gender.upper()} (.pkl or .npz); put it beside the other bodies")
    return bodies[gender]


def rest_pelvis(body: BodyData, betas: np.ndarray) -> np.ndarray:
    """[3] where SMPL's pelvis is before the translation; the body turns about it."""
    return rest_joints(body, betas)[0]


def to_camera(
    orient: np.ndarray, trans: np.ndarray, pelvis: np.ndarray, rotation: np.ndarray, translation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """SMPL's global_orient and translation in the world -> in the camera x_c = R x + t.

    Args:
        orient: [N, 3] axis-angle; trans: [N, 3].
        pelvis: [3] or [N, 3] where the pelvis is at rest (`rest_pelvis`): the body turns about it, not about its
            origin.
        rotation: [3, 3] or [N, 3, 3]; translation: [3] or [N, 3].
    """
    turned = matrix_to_axis_angle(rotation @ axis_angle_to_matrix(orient))
    moved = (rotation @ (trans + pelvis)[..., None])[..., 0] + translation - pelvis
    return turned, moved


def require(path: Path, get: str) -> Path:
    """A path that must be there.

    Args:
        get: what to download, from where, and where to put it.

    Raises:
        TarError: it is not.
    """
    if not path.exists():
        raise TarError(f"{path} is missing; {get}")
    return path


def read_json(path: Path, get: str) -> Any:
    """The content of a JSON file.

    Raises:
        TarError: it is missing or damaged.
    """
    try:
        return json.loads(require(path, get).read_text())
    except (OSError, ValueError) as error:
        raise TarError(f"{path}: not a readable JSON file ({error}); download it again") from error


def read_pickle(path: Path) -> dict[str, Any]:
    """The dictionary of a dataset's .pkl file, arrays as arrays; read without running anything that it names.

    Raises:
        TarError: it is damaged, or holds more than numbers, text and arrays of them.
    """

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(entry) for name, entry in value.items()}
        if isinstance(value, list | tuple):
            return [plain(entry) for entry in value]
        try:
            return value if isinstance(value, str | bytes | int | float | bool | None) else to_array(value)
        except ValueError:
            return None  # a texture map or another thing that nobody reads

    return plain(read_smpl_pickle(path))


def malformed(path: Path, error: Exception) -> TarError:
    """The error for a file that lacks what its dataset's layout has."""
    return TarError(f"{path}: not laid out as its dataset is ({error!r}); download it again")
