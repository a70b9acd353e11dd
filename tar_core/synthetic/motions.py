"""Recorded human motion as SMPL poses: BVH, DeepMimic's text files and AMASS archives.

Poses are relative to SMPL's T-pose in a y-up world in which the T-pose faces +z; `trans` is where the PELVIS JOINT is,
in meters. scipy reads the files' Euler angles and resamples; everything else uses `tar_core.rotations`.
"""

import io
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from tar_core.errors import TarError
from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    continuous_quaternions,
    matrix_to_axis_angle,
    quaternion_to_axis_angle,
    slerp,
)
from tar_core.skeleton import JOINT_NAMES, MIRROR, NUM_JOINTS, PARENTS
from tar_core.synthetic.bvh import BvhRecording, read_bvh, smpl_turns

FPS = 30.0
MIN_FRAMES = 12  # shorter recordings hold no window worth rendering


@dataclass(frozen=True)
class Motion:
    """One recording.

    Attributes:
        name: for example `cmu/007_04`; the part before the slash is the collection.
        poses: [N, 24, 3] axis-angle; the first joint turns the body in the world.
        trans: [N, 3] the pelvis joint in the world, meters, y up.
        fps: frames per second.
        legs: how long the legs of who moved are (`leg_length`); None where the file does not tell.
    """

    name: str
    poses: np.ndarray
    trans: np.ndarray
    fps: float = FPS
    legs: float | None = None

    def __len__(self) -> int:
        return len(self.poses)


def leg_length(joints: np.ndarray) -> float:
    """Meters from hip over knee to ankle, of SMPL's joints [..., 24, 3] in whatever poses; the middle of all legs."""
    places = [
        [JOINT_NAMES.index(f"{side}_{joint}") for side in ("left", "right")] for joint in ("hip", "knee", "ankle")
    ]
    return float(np.median(np.linalg.norm(np.diff(joints[..., places, :], axis=-3), axis=-1).sum(-2)))


def with_legs(motion: Motion, legs: float) -> Motion:
    """The motion of somebody with legs of `legs` meters: steps, jumps and the height of the pelvis scale with them."""
    return motion if motion.legs is None else replace(motion, trans=motion.trans * (legs / motion.legs), legs=legs)


def mirrored(motion: Motion) -> Motion:
    """The motion seen in a mirror (x -> -x): left becomes right."""
    poses = motion.poses[:, list(MIRROR)] * np.array([1.0, -1.0, -1.0])
    return replace(motion, name=motion.name + "~mirrored", poses=poses, trans=motion.trans * np.array([-1.0, 1.0, 1.0]))


def reversed_in_time(motion: Motion) -> Motion:
    """The motion played backwards."""
    return replace(motion, name=motion.name + "~reversed", poses=motion.poses[::-1], trans=motion.trans[::-1])


def at_speed(motion: Motion, speed: float) -> Motion:
    """The motion `speed` times as fast at the same frame rate, interpolated on the shorter arcs."""
    times = np.arange(0, len(motion) - 1 + 1e-9, speed)
    before = np.minimum(times.astype(int), len(motion) - 2)
    fraction = times - before
    quaternions = continuous_quaternions(axis_angle_to_quaternion(motion.poses))
    poses = quaternion_to_axis_angle(slerp(quaternions[before], quaternions[before + 1], fraction[:, None]))
    trans = motion.trans[before] * (1 - fraction[:, None]) + motion.trans[before + 1] * fraction[:, None]
    return replace(motion, name=f"{motion.name}~x{speed:g}", poses=poses, trans=trans)


def load_motions(*paths: Path | str, rest_joints: np.ndarray | None = None) -> list[Motion]:
    """Every recording in the given files, folders and tar archives.

    Args:
        paths: `.bvh` of any skeleton (tar_core/synthetic/bvh.py), DeepMimic `.txt`, AMASS `.npz`; folders are searched,
            archives unpacked in memory.
        rest_joints: [24, 3] SMPL's joints in its T-pose, for BVH files (`smpl_turns`).

    Raises:
        TarError: a path is missing, or nothing readable is in it.
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
            raise TarError(f"cannot read the motion {name}: {error}; take the file out or mend it") from error
    for skeleton in dict.fromkeys(recording.skeleton for recording in recordings):
        same = [recording for recording in recordings if recording.skeleton == skeleton]
        motions += _from_bvh([recording for recording in same if len(recording.positions) > 2], rest_joints)
    motions = [motion for motion in motions if len(motion) >= MIN_FRAMES]
    if not motions:
        raise TarError(f"no motion in {', '.join(map(str, paths))}; give .bvh, DeepMimic .txt or AMASS .npz files")
    return sorted(motions, key=lambda motion: motion.name)


def _bvh_name(stem: str) -> str:
    """CMU's files are called after subject and take, as 05_03: the test split goes by the subject."""
    return f"cmu/{stem}" if re.fullmatch(r"\d+_\d+", stem) else f"bvh/{stem}"


def _named_files(paths: tuple[Path | str, ...]) -> Iterator[tuple[str, bytes]]:
    suffixes = {".bvh", ".txt", ".npz"}
    for path in map(Path, paths):
        if path.is_dir():
            for file in sorted(file for file in path.rglob("*") if file.suffix in suffixes):
                yield str(file), file.read_bytes()
        elif not path.exists():
            raise TarError(f"motion path {path} does not exist; check the spelling")
        elif path.suffix in suffixes:
            yield str(path), path.read_bytes()
        else:
            if not tarfile.is_tarfile(path):
                raise TarError(f"{path} is neither a folder, a motion file nor a tar archive; give one of those")
            with tarfile.open(path) as archive:
                for member in archive:
                    content = archive.extractfile(member) if Path(member.name).suffix in suffixes else None
                    if content is not None:
                        yield member.name, content.read()


def _resampled(times: np.ndarray, rotations: list[Rotation], positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joint rotations (one Rotation of N turns per joint) and positions [N, 3] at `times`, brought to 30 fps."""
    targets = np.arange(times[0], times[-1] + 1e-9, 1 / FPS)
    poses = np.stack([Slerp(times, rotation)(targets).as_rotvec() for rotation in rotations], 1)
    return poses, np.stack([np.interp(targets, times, axis) for axis in positions.T], 1)


def _relative(turns: list[Rotation]) -> list[Rotation]:
    """Rotations in the world -> rotations relative to the parent joint."""
    return [turns[0]] + [turns[PARENTS[joint]].inv() * turns[joint] for joint in range(1, NUM_JOINTS)]


# ---------------------------------------------------------------------------------------------------------------- BVH


def _from_bvh(recordings: list[BvhRecording], rest_joints: np.ndarray | None) -> list[Motion]:
    """The motions of recordings of one skeleton; a T-pose in the first frame is left out."""
    motions = []
    for recording, turns in zip(recordings, smpl_turns(recordings, rest_joints), strict=True):
        first = 1 if recording.starts_in_t_pose() else 0
        times = np.arange(len(recording.positions) - first) * recording.frame_time
        locals_ = [turn[first:] for turn in _relative(turns)]
        poses, trans = _resampled(times, locals_, recording.positions[first:, 0])
        motions.append(Motion(recording.name, poses, trans, legs=leg_length(recording.positions)))
    return motions


# ----------------------------------------------------------------------------------------------------------- DeepMimic

# DeepMimic's humanoid faces +x with y up; SMPL faces +z.
_FACING = Rotation.from_matrix([[0, 0, -1], [0, 1, 0], [1, 0, 0]])
# Its arms hang in the zero pose, SMPL's are stretched out.
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
    document = json.loads(text)
    rows = np.array(document["Frames"], float)
    times = np.concatenate([[0], np.cumsum(rows[:-1, 0])])
    rows = rows[:, 1:]
    if document.get("Loop") == "wrap":
        times, rows = _looped(times, rows, seconds=3.0)
    times, kept = np.unique(times, return_index=True)
    rows = rows[kept]

    turn = {
        key: Rotation.from_quat(rows[:, [column + 1, column + 2, column + 3, column]])
        for key, column in _DEEPMIMIC_QUATERNIONS.items()
    }
    hinge = {
        key: Rotation.from_rotvec(rows[:, [column]] * np.array([0, 0, 1.0]))
        for key, column in _DEEPMIMIC_HINGES.items()
    }
    world: dict[str, Rotation] = {"pelvis": turn["root"]}
    # One joint bends the whole trunk: spread over the spine's three.
    for joint, share in (("spine1", 0.4), ("spine2", 0.75), ("spine3", 1.0)):
        world[joint] = turn["root"] * _scaled(turn["chest"], share)
    for joint, share in (("neck", 0.5), ("head", 1.0)):
        world[joint] = world["spine3"] * _scaled(turn["neck"], share)
    for side in ("left", "right"):
        world[f"{side}_hip"] = turn["root"] * turn[f"{side}_hip"]
        world[f"{side}_knee"] = world[f"{side}_hip"] * hinge[f"{side}_knee"]
        world[f"{side}_ankle"] = world[f"{side}_foot"] = world[f"{side}_knee"] * turn[f"{side}_ankle"]
        world[f"{side}_shoulder"] = world["spine3"] * turn[f"{side}_shoulder"]
        world[f"{side}_elbow"] = world[f"{side}_shoulder"] * hinge[f"{side}_elbow"]
        world[f"{side}_wrist"] = world[f"{side}_hand"] = world[f"{side}_elbow"]
    world = {joint: _FACING * rotation * _FACING.inv() for joint, rotation in world.items()}
    for side in ("left", "right"):
        for joint in ("shoulder", "elbow", "wrist", "hand"):
            world[f"{side}_{joint}"] = world[f"{side}_{joint}"] * _ARM_DOWN[side]
        # The collar bone follows a raised arm a little.
        lift = world["spine3"].inv() * world[f"{side}_shoulder"]
        world[f"{side}_collar"] = world["spine3"] * _scaled(lift, 0.15)
    locals_ = _relative([world[joint] for joint in JOINT_NAMES])
    poses, trans = _resampled(times, locals_, _FACING.apply(rows[:, :3]))
    return Motion(name, poses, trans, legs=_DEEPMIMIC_LEGS)


def _scaled(rotation: Rotation, share: float) -> Rotation:
    return Rotation.from_rotvec(rotation.as_rotvec() * share)


def _looped(times: np.ndarray, rows: np.ndarray, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """A cycle repeated for at least `seconds`, each round starting on the ground where the last one ended."""
    step = rows[-1, :3] - rows[0, :3]
    step[1] = 0
    rounds = max(1, int(np.ceil(seconds / times[-1])))
    all_rows = [rows] + [np.column_stack([rows[1:, :3] + step * k, rows[1:, 3:]]) for k in range(1, rounds)]
    all_times = [times] + [times[1:] + times[-1] * k for k in range(1, rounds)]
    return np.concatenate(all_times), np.concatenate(all_rows)


# --------------------------------------------------------------------------------------------------------------- AMASS


def _read_amass(name: str, data: bytes) -> Motion:
    """AMASS is z-up; its first 22 joints (of SMPL-H's 52, SMPL-X's 55) are SMPL's, the hands follow the wrists."""
    archive = np.load(io.BytesIO(data))
    poses = np.zeros((len(archive["poses"]), NUM_JOINTS, 3))
    poses[:, :22] = archive["poses"].reshape(len(poses), -1, 3)[:, :22]
    z_to_y_up = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    poses[:, 0] = matrix_to_axis_angle(z_to_y_up @ axis_angle_to_matrix(poses[:, 0]))
    # The SMPL-H and the SMPL-X edition write the rate differently.
    rate = "mocap_framerate" if "mocap_framerate" in archive.files else "mocap_frame_rate"
    times = np.arange(len(poses)) / float(archive[rate])
    turns = [Rotation.from_rotvec(poses[:, joint]) for joint in range(NUM_JOINTS)]
    resampled, trans = _resampled(times, turns, archive["trans"] @ z_to_y_up.T)
    return Motion(name, resampled, trans)


def world_rotations(poses: np.ndarray) -> np.ndarray:
    """Poses [..., 24, 3] -> each joint's rotation in the world, [..., 24, 3, 3]."""
    local = axis_angle_to_matrix(poses)
    chains = [_chain(joint) for joint in range(NUM_JOINTS)]
    return np.stack([reduce(np.matmul, [local[..., j, :, :] for j in chain]) for chain in chains], -3)


def _chain(joint: int) -> list[int]:
    return [*_chain(PARENTS[joint]), joint] if joint else [0]
