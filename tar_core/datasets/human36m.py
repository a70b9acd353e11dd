"""Human3.6M (Ionescu et al., PAMI 2014) with NeuralAnnot's SMPL fits, in NeuralAnnot's layout.

    ROOT/images/s_01_act_02_subact_01_ca_01/s_01_act_02_subact_01_ca_01_000001.jpg ...
    ROOT/annotations/Human36M_subject1_data.json          COCO-style lists `images` and `annotations`
    ROOT/annotations/Human36M_subject1_camera.json        by camera: R, t (mm), f, c
    ROOT/annotations/Human36M_subject1_joint_3d.json      by action, subaction, frame: 17 joints, world, mm
    ROOT/annotations/Human36M_subject1_SMPL_NeuralAnnot.json    (or Human36M_subject1_smpl_param.json) by action,
                                                           subaction, frame: pose, shape, trans

`train` contains subjects 1, 5, 6, 7 and 8. `test` is protocol 2: subjects 9 and 11 in the frontal camera, number 4.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from tar_core.body.data import BodyData
from tar_core.datasets.joints import H36M_NAMES
from tar_core.datasets.neuralannot import Frame, build_sequence, group_images
from tar_core.datasets.sequence import PersonSequence, layout_error, read_json, require

SPLITS = ("train", "test")
SUBJECTS = {"train": (1, 5, 6, 7, 8), "test": (9, 11)}
FRONTAL_CAMERA = 4
FPS = 50.0
DOWNLOAD_HINT = (
    "follow github.com/mks0601/NeuralAnnot_RELEASE: download Human3.6M's images, its annotations and its SMPL"
    " parameters, and put them into images/ and annotations/ of one folder"
)

_FILE_JOINTS = (  # the joints in the order of the files
    *("pelvis", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("spine", "neck", "head", "head_top"),
    *("left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist"),
)
_ORDER = [_FILE_JOINTS.index(name) for name in H36M_NAMES]


def sequences(root: Path, split: str, bodies: Mapping[str, BodyData]) -> Iterator[PersonSequence]:
    """Read each take of each subject in each camera of the split.

    Args:
        split: one of SPLITS.
        bodies: the SMPL bodies by gender; the neutral one is used.
    """
    for subject in SUBJECTS[split]:
        yield from _subject(root, subject, split, bodies)


def _subject(root: Path, subject: int, split: str, bodies: Mapping[str, BodyData]) -> Iterator[PersonSequence]:
    prefix = f"Human36M_subject{subject}"
    folder = require(root / "annotations", DOWNLOAD_HINT)
    data, cameras, joints = (
        read_json(folder / f"{prefix}_{part}.json", DOWNLOAD_HINT) for part in ("data", "camera", "joint_3d")
    )
    older = folder / f"{prefix}_smpl_param.json"
    fits = read_json(older if older.exists() else folder / f"{prefix}_SMPL_NeuralAnnot.json", DOWNLOAD_HINT)
    try:
        groups = group_images(data["images"], ("action_idx", "subaction_idx", "cam_idx"))
        for (action, part, camera), images in groups.items():
            if split == "test" and camera != FRONTAL_CAMERA:
                continue
            take_fits = fits[str(action)][str(part)]
            take_joints = joints[str(action)][str(part)]
            frames = [
                Frame(
                    number=image["frame_idx"],
                    image=root / "images" / image["file_name"],
                    size=(image["width"], image["height"]),
                    fit=take_fits[str(image["frame_idx"])],
                    joints=np.array(take_joints[str(image["frame_idx"])], float)[_ORDER] / 1000,
                )
                for image in images
                if str(image["frame_idx"]) in take_fits  # a few frames have no fit
            ]
            if frames:
                name = f"s_{subject:02d}_act_{action:02d}_subact_{part:02d}_ca_{camera:02d}"
                calibration = cameras[str(camera)]
                focal_length, center = calibration["f"], calibration["c"]
                yield build_sequence(name, frames, calibration, focal_length, center, FPS / _step(frames), bodies)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise layout_error(folder / f"{prefix}_data.json", error) from error


def _step(frames: list[Frame]) -> int:
    """The distance between listed frames, in frames of the video."""
    steps = np.diff([frame.number for frame in frames])
    return int(np.median(steps)) if len(steps) else 1
