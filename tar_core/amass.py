"""AMASS motion files (Mahmood et al., ICCV 2019), which SMPL's Blender add-on also reads and writes."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.errors import TarError
from tar_core.files import write_npz
from tar_core.motion import LEVEL, NUM_BETAS, Floor, MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import NUM_JOINTS

# AMASS has no camera, so a virtual one is placed in front of the motion: full HD, 28 mm on full frame.
WIDTH, HEIGHT, FOCAL_LENGTH = 1920, 1080, 1493.0  # pixels
_DISTANCE, _CAMERA_HEIGHT = 4.0, 1.3  # meters from the nearest position of the person, and above the floor
_BODY_JOINTS = 22  # joints of SMPL-H and SMPL-X that SMPL has too; then fingers follow instead of SMPL's hands
# From AMASS's world (z up) to the frame of a level camera that looks along the world's y axis.
_TO_CAMERA = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def load_motion(path: str | Path, body: BodyData) -> MotionClip:
    """Read a motion file of this project or of AMASS.

    Args:
        body: the free body, about whose pelvis AMASS's motion rotates.

    Raises:
        TarError: the file does not exist, or is neither of the two.
    """
    if not Path(path).is_file():
        raise TarError(f"{path}: no such motion file; check the path")
    try:
        with np.load(path, allow_pickle=False) as data:
            is_amass = "poses" in data and "trans" in data
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):
        is_amass = False
    return read_amass(path, body) if is_amass else MotionClip.load(path)


def read_amass(path: str | Path, body: BodyData) -> MotionClip:
    """Read an AMASS `.npz` of SMPL, SMPL-H or SMPL-X into a clip with a level camera.

    The poses are kept. The shape is not used, since its betas belong to another body. The floor is AMASS's z = 0.

    Args:
        body: the free body.

    Raises:
        TarError: the file is not an AMASS motion.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            given = np.asarray(data["poses"], np.float64).reshape(len(data["poses"]), -1, 3)
            trans = np.asarray(data["trans"], np.float64)
            # The key of the frame rate differs between the SMPL-H and the SMPL-X files.
            rate = float(data["mocap_framerate" if "mocap_framerate" in data else "mocap_frame_rate"])
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise TarError(f"{path}: not an AMASS file ({error}); it needs poses, trans and mocap_framerate") from error
    count, joints = given.shape[:2]
    if trans.shape != (count, 3) or joints < _BODY_JOINTS or count == 0 or not rate > 0:
        raise TarError(f"{path}: not an AMASS file; poses and trans must have the same number of frames")
    poses = np.zeros((count, NUM_JOINTS, 3))
    num_kept = NUM_JOINTS if joints == NUM_JOINTS else _BODY_JOINTS
    poses[:, :num_kept] = given[:, :num_kept]
    poses[:, 0] = matrix_to_axis_angle(_TO_CAMERA @ axis_angle_to_matrix(poses[:, 0]))

    pelvis = rest_joints(body, np.zeros(NUM_BETAS))[0]
    position = trans + pelvis
    camera = np.array([position[:, 0].mean(), position[:, 1].min() - _DISTANCE, _CAMERA_HEIGHT])
    person = PersonMotion(
        person_id=1,
        poses=poses.reshape(count, -1),
        betas=np.zeros(NUM_BETAS),
        trans=(position - camera) @ _TO_CAMERA.T - pelvis,
        frames=np.arange(count),
        boxes=np.zeros((count, 4)),
        confidence=np.ones(count),
    )
    center = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    floor = Floor(LEVEL, _CAMERA_HEIGHT)
    return MotionClip(rate, WIDTH, HEIGHT, FOCAL_LENGTH, center, str(Path(path).absolute()), [person], floor=floor)


def transformed(person: PersonMotion, body: BodyData, rotation: np.ndarray, translation: np.ndarray) -> PersonMotion:
    """Transform a motion to another frame: x becomes `rotation` x + `translation`.

    Args:
        body: the body of the motion, about whose rest pelvis SMPL rotates.
        rotation: [3, 3].
        translation: [3] meters.
    """
    pelvis = rest_joints(body, person.betas)[0]
    poses = person.poses.copy()
    poses[:, :3] = matrix_to_axis_angle(rotation @ axis_angle_to_matrix(person.poses[:, :3].astype(float)))
    trans = (person.trans + pelvis) @ rotation.T + translation - pelvis
    return replace(person, poses=poses, trans=trans.astype(person.trans.dtype))


def export_amass(path: str | Path, clip: MotionClip, person: PersonMotion) -> None:
    """Write one person as an AMASS-style `.npz`: poses, betas, trans, mocap_framerate, gender.

    The motion is written in the clip's frame, that of a camera (y down). Use `transformed` to convert a person to a
    world such as AMASS's.

    Raises:
        TarError: the file cannot be written.
    """
    arrays: dict[str, Any] = {
        "poses": person.poses,
        "betas": person.betas,
        "trans": person.trans,
        "mocap_framerate": np.float64(clip.fps),
        "gender": np.str_("neutral"),
    }
    write_npz(path, arrays)
