"""AMASS motion files (Mahmood et al., ICCV 2019), which SMPL's Blender add-on also reads and writes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.hand_poses import AS_CAPTURED, hands_of
from tar_core.body.shape import rest_joints
from tar_core.errors import TarError
from tar_core.files import write_npz
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion
from tar_core.motion_forms import MAX_DISTANCE, MAX_FPS, MIN_FPS
from tar_core.npz import Form, has_arrays, read_npz
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.shot_files import load_shots
from tar_core.skeleton import HAND_JOINT_NAMES, NUM_BETAS, NUM_BODY_JOINTS, NUM_JOINTS, SMPLH_JOINT_NAMES

# AMASS has no camera, so a virtual one is placed in front of the motion: full HD, 28 mm on full frame.
WIDTH, HEIGHT, FOCAL_LENGTH = 1920, 1080, 1493.0  # pixels
_DISTANCE, _CAMERA_HEIGHT = 4.0, 1.3  # meters from the nearest position of the person, and above the floor
_FORMS = {
    "poses": Form(shape=("F", "..."), low=-1000, high=1000),
    "trans": Form(shape=("F", 3), low=-MAX_DISTANCE, high=MAX_DISTANCE),
    "mocap_framerate": Form(low=MIN_FPS, high=MAX_FPS, optional=True),
    "mocap_frame_rate": Form(low=MIN_FPS, high=MAX_FPS, optional=True),
}
_WHAT, _ADVICE = "not an AMASS file", "it needs poses and trans with as many frames, and mocap_framerate"  # of errors
# From AMASS's world (z up) to the frame of a level camera that looks along the world's y axis.
_TO_CAMERA = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def load_motion(path: str | Path, body: BodyData, shot: int | None = None) -> list[MotionClip]:
    """Read a motion file of this project or of AMASS.

    Args:
        body: the free body, about whose pelvis AMASS's motion rotates.
        shot: number of the shot to read; None for all.

    Returns:
        A clip for each shot.

    Raises:
        TarError: the file does not exist, is neither of the two, or does not have the shot.
    """
    if not Path(path).is_file():
        raise TarError(f"{path}: no such motion file; check the path")
    return [read_amass(path, body)] if has_arrays(path, "poses", "trans") else load_shots(path, shot)


def read_amass(path: str | Path, body: BodyData) -> MotionClip:
    """Read an AMASS `.npz` of SMPL, SMPL-H or SMPL-X into a clip with a level camera.

    The poses are kept, also those of the fingers. The shape is not used, since its betas belong to another body. The
    floor is AMASS's z = 0.

    Args:
        body: the free body.

    Raises:
        TarError: the file is not an AMASS motion.
    """
    data = read_npz(path, _FORMS, _WHAT, _ADVICE)
    # The key of the frame rate differs between the SMPL-H and the SMPL-X files.
    rate = data.get("mocap_framerate", data.get("mocap_frame_rate"))
    count = len(data["trans"])
    if (
        rate is None
        or count == 0
        or data["poses"].size % (3 * count)
        or data["poses"].size < 3 * count * NUM_BODY_JOINTS
    ):
        raise TarError(f"{path}: {_WHAT}; {_ADVICE}")
    given = data["poses"].astype(np.float64).reshape(count, -1, 3)
    joints = given.shape[1]
    poses = np.zeros((count, NUM_JOINTS, 3))
    num_kept = NUM_JOINTS if joints == NUM_JOINTS else NUM_BODY_JOINTS
    poses[:, :num_kept] = given[:, :num_kept]
    hands = given[:, -len(HAND_JOINT_NAMES) :] if joints >= len(SMPLH_JOINT_NAMES) else np.zeros(0)
    poses[:, 0] = matrix_to_axis_angle(_TO_CAMERA @ axis_angle_to_matrix(poses[:, 0]))

    pelvis = rest_joints(body, np.zeros(NUM_BETAS))[0]
    position = data["trans"].astype(np.float64) + pelvis
    camera = np.array([position[:, 0].mean(), position[:, 1].min() - _DISTANCE, _CAMERA_HEIGHT])
    person = PersonMotion(
        person_id=1,
        poses=poses.reshape(count, -1),
        betas=np.zeros(NUM_BETAS),
        trans=(position - camera) @ _TO_CAMERA.T - pelvis,
        frames=np.arange(count),
        boxes=np.zeros((count, 4)),
        confidence=np.ones(count),
        hand_poses=hands.reshape(count, -1) if hands.any() else None,
        hand_confidence=np.ones((count, 2)) if hands.any() else None,
    )
    center = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    floor = Floor(LEVEL, _CAMERA_HEIGHT)
    return MotionClip(
        float(rate), WIDTH, HEIGHT, FOCAL_LENGTH, center, str(Path(path).absolute()), [person], floor=floor
    )


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


def export_amass(
    path: str | Path, clip: MotionClip, person: PersonMotion, body: BodyData, hands: str = AS_CAPTURED
) -> None:
    """Write one person as an AMASS-style `.npz`: poses, betas, trans, mocap_framerate, gender.

    The poses are SMPL-H's [N, 156] if the body has fingers, else SMPL's [N, 72].

    The motion is written in the clip's frame, that of a camera (y down). Use `transformed` to convert a person to a
    world such as AMASS's.

    Args:
        body: of the clip.
        hands: the pose of the fingers, AS_CAPTURED or one of HAND_POSES.

    Raises:
        TarError: the file cannot be written.
    """
    poses, body = person.poses, body.with_fingers()
    if body.has_fingers:
        fingers = hands_of(person, hands, rest_joints(body, person.betas)).reshape(len(person), -1)
        poses = np.concatenate([poses[:, : 3 * NUM_BODY_JOINTS], fingers.astype(poses.dtype)], 1)
    write_amass(path, poses, person.betas, person.trans, clip.fps)


def write_amass(path: str | Path, poses: np.ndarray, betas: np.ndarray, trans: np.ndarray, fps: float) -> None:
    """Write the arrays of an AMASS-style `.npz`.

    Args:
        path: of the file.
        poses: [N, 156] of SMPL-H or [N, 72] of SMPL, axis-angle.
        betas: [10] shape.
        trans: [N, 3] meters.
        fps: frames per second.

    Raises:
        TarError: the file cannot be written.
    """
    arrays: dict[str, Any] = {
        "poses": poses,
        "betas": betas,
        "trans": trans,
        "mocap_framerate": np.float64(fps),
        "gender": np.str_("neutral"),
    }
    write_npz(path, arrays)
