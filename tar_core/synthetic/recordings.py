"""Reads recorded human motion as SMPL poses: BVH, DeepMimic's text files and AMASS archives.

scipy converts the files' Euler angles and resamples; everything else uses `tar_core.rotations`.
"""

import io
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from tar_core.errors import TarError
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, PARENTS
from tar_core.synthetic.bvh import BvhRecording, read_bvh
from tar_core.synthetic.bvh_to_smpl import smpl_rotations
from tar_core.synthetic.motions import FPS, Motion, leg_length

MIN_FRAMES = 12  # shorter recordings are skipped


def load_motions(*paths: Path | str, rest_joints: np.ndarray | None = None) -> list[Motion]:
    """Load all recordings in the given files, folders and tar archives, sorted by name, at 30 fps.

    Args:
        paths: `.bvh` files of any skeleton, DeepMimic's `.txt` and AMASS's `.npz` files; folders are searched
            recursively, archives are read in memory.
        rest_joints: [24, 3] SMPL's joints in its T-pose, for BVH files; see `smpl_rotations`.

    Raises:
        TarError: a path is missing, a file is damaged, or there is no motion.
    """
    recordings: list[BvhRecording] = []
    motions: list[Motion] = []
    for name, data in _named_files(paths):
        suffix = Path(name).suffix
        stem = Path(name).stem
        try:
            if suffix == ".bvh":
                recordings.append(read_bvh(_bvh_name(stem), data.decode(errors="replace")))
            elif suffix == ".txt":
                motions.append(_read_deepmimic(f"deepmimic/{stem.removeprefix('humanoid3d_')}", data.decode()))
            else:
                motions.append(_read_amass(f"amass/{stem}", data))
        except (ValueError, KeyError, IndexError) as error:
            raise TarError(f"{name}: not a readable motion ({error}); remove or repair the file") from error
    for skeleton in dict.fromkeys(recording.skeleton for recording in recordings):
        same = [recording for recording in recordings if recording.skeleton == skeleton]
        motions += _from_bvh([recording for recording in same if len(recording.positions) > 2], rest_joints)
    motions = [motion for motion in motions if len(motion) >= MIN_FRAMES]
    if not motions:
        raise TarError(f"{', '.join(map(str, paths))}: no motion; give .bvh, DeepMimic .txt or AMASS .npz files")
    return sorted(motions, key=lambda motion: motion.name)


def _bvh_name(stem: str) -> str:
    """Name of a recording; CMU's files have names like 05_03 (subject and take), which the test split depends on."""
    return f"cmu/{stem}" if re.fullmatch(r"\d+_\d+", stem) else f"bvh/{stem}"


def _named_files(paths: tuple[Path | str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each motion file."""
    suffixes = {".bvh", ".txt", ".npz"}
    for path in map(Path, paths):
        if path.is_dir():
            for file in sorted(file for file in path.rglob("*") if file.suffix in suffixes):
                yield str(file), file.read_bytes()
        elif not path.exists():
            raise TarError(f"{path}: no such file or folder of motions; check the path")
        elif path.suffix in suffixes:
            yield str(path), path.read_bytes()
        else:
            if not tarfile.is_tarfile(path):
                raise TarError(f"{path}: neither a folder, a motion file nor a tar archive; give one of these")
            with tarfile.open(path) as archive:
                for member in archive:
                    content = archive.extractfile(member) if Path(member.name).suffix in suffixes else None
                    if content is not None:
                        yield member.name, content.read()


def _resampled(times: np.ndarray, rotations: list[Rotation], positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Resample to 30 fps.

    Args:
        times: [N] seconds.
        rotations: for each joint, Rotations of N frames.
        positions: [N, 3].

    Returns:
        Axis-angle rotations [M, joints, 3] and positions [M, 3].
    """
    # The last target may exceed the last time by a rounding error, which Slerp rejects.
    targets = np.minimum(np.arange(times[0], times[-1] + 1e-9, 1 / FPS), times[-1])
    poses = np.stack([Slerp(times, rotation)(targets).as_rotvec() for rotation in rotations], 1)
    return poses, np.stack([np.interp(targets, times, axis) for axis in positions.T], 1)


def _relative(rotations: list[Rotation]) -> list[Rotation]:
    """Convert global rotations to rotations relative to the parent joint."""
    return [rotations[0]] + [rotations[PARENTS[joint]].inv() * rotations[joint] for joint in range(1, NUM_JOINTS)]


def _from_bvh(recordings: list[BvhRecording], rest_joints: np.ndarray | None) -> list[Motion]:
    """Convert recordings of one skeleton to motions; a T-pose in the first frame is dropped."""
    motions = []
    for recording, rotations in zip(recordings, smpl_rotations(recordings, rest_joints), strict=True):
        first = 1 if recording.starts_in_t_pose() else 0
        times = np.arange(len(recording.positions) - first) * recording.frame_time
        local = [rotation[first:] for rotation in _relative(rotations)]
        poses, trans = _resampled(times, local, recording.positions[first:, 0])
        motions.append(Motion(recording.name, poses, trans, legs=leg_length(recording.positions)))
    return motions


# DeepMimic's humanoid faces +x with y up; SMPL faces +z.
_FACING = Rotation.from_matrix([[0, 0, -1], [0, 1, 0], [1, 0, 0]])
# Its arms hang down in the zero pose; SMPL's are stretched out sideways.
_ARM_DOWN = {"left": Rotation.from_euler("z", -90, degrees=True), "right": Rotation.from_euler("z", 90, degrees=True)}
# Columns after the frame's duration: root position, then quaternions (w first) and hinge angles.
_DEEPMIMIC_QUATERNIONS = {
    "root": 3,
    "chest": 7,
    "neck": 11,
    "right_hip": 15,
    "right_ankle": 20,
    "right_shoulder": 24,
    "left_hip": 29,
    "left_ankle": 34,
    "left_shoulder": 38,
}
_DEEPMIMIC_LEGS = 0.421546 + 0.409870  # thigh and shin of its humanoid3d.txt, meters
_DEEPMIMIC_HINGES = {"right_knee": 19, "right_elbow": 28, "left_knee": 33, "left_elbow": 42}


def _read_deepmimic(name: str, text: str) -> Motion:
    """Read a motion of DeepMimic's humanoid."""
    document = json.loads(text)
    rows = np.array(document["Frames"], float)
    times = np.concatenate([[0], np.cumsum(rows[:-1, 0])])
    rows = rows[:, 1:]
    if document.get("Loop") == "wrap":
        times, rows = _looped(times, rows, seconds=3.0)
    times, kept = np.unique(times, return_index=True)
    rows = rows[kept]

    joints = {
        key: Rotation.from_quat(rows[:, [column + 1, column + 2, column + 3, column]])
        for key, column in _DEEPMIMIC_QUATERNIONS.items()
    }
    hinge = {
        key: Rotation.from_rotvec(rows[:, [column]] * np.array([0, 0, 1.0]))
        for key, column in _DEEPMIMIC_HINGES.items()
    }
    world: dict[str, Rotation] = {"pelvis": joints["root"]}
    # One joint bends the whole trunk: distribute it over the three joints of the spine.
    for joint, share in (("spine1", 0.4), ("spine2", 0.75), ("spine3", 1.0)):
        world[joint] = joints["root"] * _scaled(joints["chest"], share)
    for joint, share in (("neck", 0.5), ("head", 1.0)):
        world[joint] = world["spine3"] * _scaled(joints["neck"], share)
    for side in ("left", "right"):
        world[f"{side}_hip"] = joints["root"] * joints[f"{side}_hip"]
        world[f"{side}_knee"] = world[f"{side}_hip"] * hinge[f"{side}_knee"]
        world[f"{side}_ankle"] = world[f"{side}_foot"] = world[f"{side}_knee"] * joints[f"{side}_ankle"]
        world[f"{side}_shoulder"] = world["spine3"] * joints[f"{side}_shoulder"]
        world[f"{side}_elbow"] = world[f"{side}_shoulder"] * hinge[f"{side}_elbow"]
        world[f"{side}_wrist"] = world[f"{side}_hand"] = world[f"{side}_elbow"]
    world = {joint: _FACING * rotation * _FACING.inv() for joint, rotation in world.items()}
    for side in ("left", "right"):
        for joint in ("shoulder", "elbow", "wrist", "hand"):
            world[f"{side}_{joint}"] = world[f"{side}_{joint}"] * _ARM_DOWN[side]
        # The collar bone follows a raised arm slightly.
        lift = world["spine3"].inv() * world[f"{side}_shoulder"]
        world[f"{side}_collar"] = world["spine3"] * _scaled(lift, 0.15)
    local = _relative([world[joint] for joint in JOINT_NAMES])
    poses, trans = _resampled(times, local, _FACING.apply(rows[:, :3]))
    return Motion(name, poses, trans, legs=_DEEPMIMIC_LEGS)


def _scaled(rotation: Rotation, share: float) -> Rotation:
    """Multiply the angles of rotations."""
    return Rotation.from_rotvec(rotation.as_rotvec() * share)


def _looped(times: np.ndarray, rows: np.ndarray, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Repeat a cycle for at least `seconds`; each cycle starts at the horizontal position where the last one ended."""
    step = rows[-1, :3] - rows[0, :3]
    step[1] = 0
    cycles = max(1, int(np.ceil(seconds / times[-1])))
    all_rows = [rows] + [np.column_stack([rows[1:, :3] + step * k, rows[1:, 3:]]) for k in range(1, cycles)]
    all_times = [times] + [times[1:] + times[-1] * k for k in range(1, cycles)]
    return np.concatenate(all_times), np.concatenate(all_rows)


def _read_amass(name: str, data: bytes) -> Motion:
    """Read an AMASS file.

    AMASS is z-up. Its first 22 joints (of SMPL-H's 52 or SMPL-X's 55) are SMPL's; SMPL's hands follow the wrists.
    """
    archive = np.load(io.BytesIO(data))
    poses = np.zeros((len(archive["poses"]), NUM_JOINTS, 3))
    poses[:, :22] = archive["poses"].reshape(len(poses), -1, 3)[:, :22]
    z_to_y_up = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    poses[:, 0] = matrix_to_axis_angle(z_to_y_up @ axis_angle_to_matrix(poses[:, 0]))
    # The SMPL-H and SMPL-X editions have different keys for the frame rate.
    rate = "mocap_framerate" if "mocap_framerate" in archive.files else "mocap_frame_rate"
    times = np.arange(len(poses)) / float(archive[rate])
    rotations = [Rotation.from_rotvec(poses[:, joint]) for joint in range(NUM_JOINTS)]
    resampled, trans = _resampled(times, rotations, archive["trans"] @ z_to_y_up.T)
    return Motion(name, resampled, trans)
