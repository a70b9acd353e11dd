"""EMDB (Kaufmann et al., ICCV 2023).

    ROOT/P0/<sequence>/images/00000.jpg ...
    ROOT/P0/<sequence>/P0_<sequence>_data.pkl      and so on up to P9

The splits are `emdb1` and `emdb2`, the paper's two evaluation sets; a sequence can belong to both.
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
from tar_core.errors import TarError

SPLITS = ("emdb1", "emdb2")
DOWNLOAD_HINT = "register at emdb.ait.ethz.ch, download P0.zip to P9.zip and unpack them into one folder"


def sequences(root: Path, split: str, bodies: Mapping[str, BodyData]) -> Iterator[PersonSequence]:
    """Read the sequences of a split.

    Args:
        split: one of SPLITS.
        bodies: the SMPL bodies by gender.
    """
    files = sorted(require(root, DOWNLOAD_HINT).glob("P*/*/*_data.pkl"))
    if not files:
        raise TarError(f"{root}: no P0/<sequence>/P0_<sequence>_data.pkl in it; {DOWNLOAD_HINT}")
    for path in files:
        data = read_pickle(path)
        try:
            if bool(data[split]):
                yield _person(path.parent, data, bodies)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise layout_error(path, error) from error


def _person(folder: Path, data: dict, bodies: Mapping[str, BodyData]) -> PersonSequence:
    smpl, camera = data["smpl"], data["camera"]
    count = int(data["n_frames"])
    betas = np.asarray(smpl["betas"], float).ravel()[:10]
    pelvis = rest_pelvis(body_for(bodies, data["gender"]), betas)
    extrinsics, intrinsics = np.asarray(camera["extrinsics"], float), camera["intrinsics"]
    poses = np.zeros((count, 24, 3))
    poses[:, 1:] = np.asarray(smpl["poses_body"], float).reshape(count, 23, 3)
    poses[:, 0], trans = to_camera(
        np.asarray(smpl["poses_root"], float),
        np.asarray(smpl["trans"], float),
        pelvis,
        extrinsics[:, :3, :3],
        extrinsics[:, :3, 3],
    )
    return PersonSequence(
        name=str(data["name"]),
        images=[folder / "images" / f"{number:05d}.jpg" for number in range(count)],
        fps=30.0,
        focal_length=float(intrinsics[0, 0] + intrinsics[1, 1]) / 2,
        principal_point=np.array(intrinsics[:2, 2], float),
        frame_size=(int(camera["width"]), int(camera["height"])),
        gender=str(data["gender"]),
        poses=poses,
        betas=betas,
        trans=trans,
        valid=np.asarray(data["good_frames_mask"], bool),
    )
