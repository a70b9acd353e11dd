"""BEDLAM (Black et al., CVPR 2023), with its SMPL labels.

    ROOT/all_npz_12_smpl_training/<scene>.npz
    ROOT/training_images/<scene>/png/seq_000000/seq_000000_0000.png ...

Each .npz has one row for each person in each image: `imgname`, `pose_cam` [72], `shape`, `trans_cam` [3], `cam_ext`
[4, 4], `cam_int` [3, 3], `sub` (the person's name). Images of portrait scenes are stored rotated by 90 degrees.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tar_core.datasets.sequence import PersonSequence, layout_error, require
from tar_core.errors import TarError

SPLITS = ("training", "validation")
FPS = 6.0  # of the labels; the names of scenes with another rate end in it (..._30fps)
DOWNLOAD_HINT = (
    "register at bedlam.is.tue.mpg.de, download the SMPL labels (all_npz_12_smpl_training or ..._validation) and the"
    " scenes' images (training_images or validation_images) and unpack them into one folder"
)


def sequences(root: Path, split: str, _bodies: object = None) -> Iterator[PersonSequence]:
    """Read each person in each sequence of each scene.

    Args:
        split: one of SPLITS.
        _bodies: unused; all readers have the same arguments.
    """
    folder = require(root / f"all_npz_12_smpl_{split}", DOWNLOAD_HINT)
    require(root / f"{split}_images", DOWNLOAD_HINT)
    files = sorted(folder.glob("*.npz"))
    if not files:
        raise TarError(f"{folder}: no .npz file; {DOWNLOAD_HINT}")
    for path in files:
        try:
            with np.load(path, allow_pickle=False) as data:
                keys = ("imgname", "pose_cam", "shape", "trans_cam", "cam_ext", "cam_int", "sub")
                rows = {key: data[key] for key in keys}
            yield from _scene(root / f"{split}_images" / path.stem / "png", path.stem, rows)
        except (OSError, KeyError, IndexError, TypeError, ValueError) as error:
            raise layout_error(path, error) from error


def _scene(folder: Path, scene: str, rows: dict[str, np.ndarray]) -> Iterator[PersonSequence]:
    people: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, (name, person) in enumerate(zip(rows["imgname"], rows["sub"], strict=True)):
        people[str(Path(str(name)).parent), str(person)].append(row)
    for (part, person), members in people.items():
        ordered = sorted(members, key=lambda row: str(rows["imgname"][row]))
        intrinsics = rows["cam_int"][ordered[0]]
        width, height = (round(2 * float(value)) for value in intrinsics[:2, 2])
        yield PersonSequence(
            name=f"{scene}_{part}_{person}",
            images=[folder / str(rows["imgname"][row]) for row in ordered],
            fps=_frame_rate(scene),
            focal_length=float(intrinsics[0, 0] + intrinsics[1, 1]) / 2,
            principal_point=np.array(intrinsics[:2, 2], float),
            frame_size=(width, height),
            gender="neutral",
            poses=rows["pose_cam"][ordered].astype(float).reshape(-1, 24, 3),
            betas=rows["shape"][ordered[0], :10].astype(float),
            trans=rows["trans_cam"][ordered].astype(float) + rows["cam_ext"][ordered][:, :3, 3],
            valid=np.ones(len(ordered), bool),
        )


def _frame_rate(scene: str) -> float:
    ending = scene.rsplit("_", 1)[-1].removesuffix("fps")
    return float(ending) if ending.isdigit() else FPS
