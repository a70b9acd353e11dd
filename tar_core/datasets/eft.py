"""COCO and MPII with EFT's SMPL fits (Joo et al., 3DV 2021): single images, repeated to fill the window.

    ROOT/COCO2014-All-ver01.json and ROOT/train2014/COCO_train2014_000000000009.jpg ...
    ROOT/MPII_ver01.json         and ROOT/images/000001163.jpg ...

Each entry of a file's `data` has `imageName`, `parm_pose` [24, 3, 3], `parm_shape` [10] and `parm_cam` (s, tx, ty). A
point p of the body projects to s p + t in a square crop with coordinates from -1 to 1, which `bbox_center` and
`bbox_scale` (in units of 200 pixels) define. The bodies are gender-neutral.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from tar_core.camera.crop_camera import default_focal_length, image_center
from tar_core.datasets.sequence import PersonSequence, layout_error, read_json, require
from tar_core.errors import TarError
from tar_core.rotations import matrix_to_axis_angle

SPLITS = ("coco", "mpii")
FILES = {"coco": ("COCO2014-All-ver01.json", "train2014"), "mpii": ("MPII_ver01.json", "images")}
DOWNLOAD_HINT = (
    "download the fits as github.com/facebookresearch/eft says, the images from cocodataset.org (train2014) or"
    " human-pose.mpi-inf.mpg.de (images), and put fits and images into one folder"
)
_SCALE_PIXELS = 200  # pixels per unit of bbox_scale


def sequences(root: Path, split: str, _bodies: object = None) -> Iterator[PersonSequence]:
    """Read each person in each image.

    Args:
        split: one of SPLITS.
        _bodies: unused; all readers have the same arguments.
    """
    name, folder = FILES[split]
    data = read_json(root / name, DOWNLOAD_HINT)
    require(root / folder, DOWNLOAD_HINT)
    try:
        for number, entry in enumerate(data["data"]):
            yield _person(
                root / folder / Path(entry["imageName"]).name, f"{split}_{entry.get('annotId', number)}", entry
            )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise layout_error(root / name, error) from error


def _person(path: Path, name: str, entry: dict) -> PersonSequence:
    image = cv2.imread(str(require(path, DOWNLOAD_HINT)))
    if image is None:
        raise TarError(f"{path}: not a readable image; download it again")
    height, width = image.shape[:2]
    focal_length, principal_point = default_focal_length(width, height), np.array(image_center(width, height))
    size = entry["bbox_scale"] * _SCALE_PIXELS
    scale, tx, ty = entry["parm_cam"]
    # Convert the crop's weak perspective to a translation in the full image's camera. CLIFF's equation 4 does so for a
    # projection s (p + t), so that EFT's t is s times CLIFF's.
    x, y = 2 * (np.array(entry["bbox_center"], float) - principal_point) / (scale * size)
    trans = np.array([[tx / scale + x, ty / scale + y, 2 * focal_length / (scale * size)]])
    return PersonSequence(
        name=name,
        images=[path],
        fps=0.0,
        focal_length=focal_length,
        principal_point=principal_point,
        frame_size=(width, height),
        gender="neutral",
        poses=matrix_to_axis_angle(np.array(entry["parm_pose"], float).reshape(1, 24, 3, 3)),
        betas=np.array(entry["parm_shape"], float).ravel()[:10],
        trans=trans,
        valid=np.array([scale > 0]),
    )
