"""3DPW (von Marcard et al., ECCV 2018).

    ROOT/imageFiles/<sequence>/image_00000.jpg ...
    ROOT/sequenceFiles/{train,validation,test}/<sequence>.pkl

Each .pkl holds lists with one entry for each person (`poses` [N, 72], `trans` [N, 3], `betas`, `genders`,
`campose_valid` [N]), and `cam_poses` [N, 4, 4] from world to camera, `cam_intrinsics` [3, 3] and `img_frame_ids` [N].
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from tar_core.body.data import BodyData
from tar_core.datasets.sequence import (
    PersonSequence,
    body_for,
    layout_error,
    read_pickle,
    require,
    rest_pelvis,
    to_camera,
)

SPLITS = ("train", "validation", "test")
DOWNLOAD_HINT = (
    "register at virtualhumans.mpi-inf.mpg.de/3DPW, download imageFiles.zip and sequenceFiles.zip and unpack both into"
    " one folder"
)
_GENDERS = {"m": "male", "f": "female"}


def sequences(root: Path, split: str, bodies: Mapping[str, BodyData]) -> Iterator[PersonSequence]:
    """Read each person in each sequence of a split.

    Args:
        split: one of SPLITS.
        bodies: the SMPL bodies by gender.
    """
    require(root / "imageFiles", DOWNLOAD_HINT)
    for path in sorted(require(root / "sequenceFiles" / split, DOWNLOAD_HINT).glob("*.pkl")):
        data = read_pickle(path)
        try:
            yield from _people(root / "imageFiles" / str(data["sequence"]), data, bodies)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise layout_error(path, error) from error


def _people(folder: Path, data: dict, bodies: Mapping[str, BodyData]) -> Iterator[PersonSequence]:
    intrinsics, cameras = data["cam_intrinsics"], np.asarray(data["cam_poses"])
    images = [folder / f"image_{number:05d}.jpg" for number in range(len(cameras))]
    for person, poses in enumerate(data["poses"]):
        gender = _GENDERS[data["genders"][person]]
        betas = np.asarray(data["betas"][person], float).ravel()[:10]
        poses = np.array(poses, float).reshape(len(images), 24, 3)
        pelvis = rest_pelvis(body_for(bodies, gender), betas)
        poses[:, 0], trans = to_camera(
            poses[:, 0], np.asarray(data["trans"][person], float), pelvis, cameras[:, :3, :3], cameras[:, :3, 3]
        )
        yield PersonSequence(
            name=f"{data['sequence']}_{person}",
            images=images,
            fps=30.0,
            focal_length=float(intrinsics[0, 0] + intrinsics[1, 1]) / 2,
            principal_point=np.array(intrinsics[:2, 2], float),
            frame_size=_frame_size(intrinsics),
            gender=gender,
            poses=poses,
            betas=betas,
            trans=trans,
            valid=np.asarray(data["campose_valid"][person], bool),
        )


def _frame_size(intrinsics: np.ndarray) -> tuple[int, int]:
    """Width and height: all images are 1080 x 1920 or 1920 x 1080, with the principal point near the center."""
    return (1920, 1080) if intrinsics[0, 2] > intrinsics[1, 2] else (1080, 1920)
