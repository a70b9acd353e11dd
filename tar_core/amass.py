"""AMASS's motion files (Mahmood et al., ICCV 2019), which SMPL's own Blender add-on reads and writes too."""

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

# A camera before the motion, for there was none: a full-HD picture, a lens of 28 mm on full frame.
WIDTH, HEIGHT, FOCAL = 1920, 1080, 1493.0
_DISTANCE, _CAMERA_HEIGHT = 4.0, 1.3  # meters before the nearest place, and above the floor
_BODY_JOINTS = 22  # of SMPL-H and SMPL-X that are SMPL's too; the fingers follow, where SMPL has its hands
# From AMASS's world (z up) to a level camera's frame that looks along its y axis.
_TO_CAMERA = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def load_motion(path: str | Path, body: BodyData) -> MotionClip:
    """A motion file of ours, or AMASS's.

    Args:
        body: the free body, whose pelvis is where AMASS's motion turns it.

    Raises:
        TarError: no such file, or neither.
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
    """The motion of an AMASS `.npz` of SMPL, SMPL-H or SMPL-X, theta for theta, before a level camera.

    The shape stays behind: its betas are another body's. AMASS's floor is z = 0.

    Raises:
        TarError: not such a file.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            given = np.asarray(data["poses"], np.float64).reshape(len(data["poses"]), -1, 3)
            trans = np.asarray(data["trans"], np.float64)
            # The SMPL-H and the SMPL-X edition write the rate differently.
            rate = float(data["mocap_framerate" if "mocap_framerate" in data else "mocap_frame_rate"])
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise TarError(f"{path}: not an AMASS file ({error}); it needs poses, trans and mocap_framerate") from error
    count, joints = given.shape[:2]
    if trans.shape != (count, 3) or joints < _BODY_JOINTS or count == 0 or not rate > 0:
        raise TarError(f"{path}: not an AMASS file; its poses and trans do not fit together")
    poses = np.zeros((count, NUM_JOINTS, 3))
    own = NUM_JOINTS if joints == NUM_JOINTS else _BODY_JOINTS
    poses[:, :own] = given[:, :own]
    poses[:, 0] = matrix_to_axis_angle(_TO_CAMERA @ axis_angle_to_matrix(poses[:, 0]))

    pelvis = rest_joints(body, np.zeros(NUM_BETAS))[0]
    place = trans + pelvis
    camera = np.array([place[:, 0].mean(), place[:, 1].min() - _DISTANCE, _CAMERA_HEIGHT])
    person = PersonMotion(
        person_id=1,
        poses=poses.reshape(count, -1),
        betas=np.zeros(NUM_BETAS),
        trans=(place - camera) @ _TO_CAMERA.T - pelvis,
        frames=np.arange(count),
        boxes=np.zeros((count, 4)),
        confidence=np.ones(count),
    )
    center = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    floor = Floor(LEVEL, _CAMERA_HEIGHT)
    return MotionClip(rate, WIDTH, HEIGHT, FOCAL, center, str(Path(path).absolute()), [person], floor=floor)


def moved(person: PersonMotion, body: BodyData, rotation: np.ndarray, translation: np.ndarray) -> PersonMotion:
    """The person in another frame: what was at x is at `rotation` x + `translation`.

    Args:
        body: whose pelvis, at rest and in the person's shape, SMPL turns the body about.
        rotation: [3, 3]; translation: [3], meters.
    """
    pelvis = rest_joints(body, person.betas)[0]
    poses = person.poses.copy()
    poses[:, :3] = matrix_to_axis_angle(rotation @ axis_angle_to_matrix(person.poses[:, :3].astype(float)))
    trans = (person.trans + pelvis) @ rotation.T + translation - pelvis
    return replace(person, poses=poses, trans=trans.astype(person.trans.dtype))


def export_amass(path: str | Path, clip: MotionClip, person: PersonMotion) -> None:
    """Writes one person as an AMASS-style `.npz`: poses, betas, trans, mocap_framerate, gender.

    The motion stays in the clip's frame, a camera's (y down); `moved` brings a person into a world such as AMASS's.

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
