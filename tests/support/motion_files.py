"""Fixtures of recorded motion: made-up files, and files of CMU and DeepMimic if they are available."""

import json
import tarfile

import numpy as np
import pytest

from tests.support.bvh_files import LAFAN, joint, long_legged_joints, random_axes, random_motion, walk, write_bvh
from tests.support.paths import SHARED

MOTIONS = SHARED / "data" / "motion"


def member(archive, ending):
    """The content of a file in one of the archives of real recordings; skips the test if there are none."""
    if not (MOTIONS / archive).is_file():
        pytest.skip(f"needs the real recordings {MOTIONS / archive}")
    with tarfile.open(MOTIONS / archive) as tar:
        info = next(info for info in tar if info.name.endswith(ending))
        return tar.extractfile(info).read()


def write_made_up_recordings(folder):
    """Write a walk that starts in the T-pose, and a motion without T-pose, on the same skeleton.

    Returns:
        The leg length of the skeleton, meters.
    """
    rest, axes = long_legged_joints(), random_axes(5)
    poses, root = walk(rest, 240, 1 / 60)
    t_pose_root = [[0, 0.08 - rest[[joint("left_ankle"), joint("right_ankle")], 1].min(), 0]]
    poses, root = np.concatenate([np.zeros((1, 24, 3)), poses]), np.concatenate([t_pose_root, root])
    (folder / "007_04.bvh").write_text(write_bvh(LAFAN, poses, rest, axes, root=root, frame_time=1 / 60))
    dance = write_bvh(LAFAN, random_motion(3, 200), rest, axes, root=[0, 1.1, 0], frame_time=1 / 60)
    (folder / "005_03.bvh").write_text(dance)
    thighs = np.linalg.norm(rest[[1, 2]] - rest[[4, 5]], axis=1)
    shins = np.linalg.norm(rest[[4, 5]] - rest[[7, 8]], axis=1)
    return float(np.mean(thighs + shins))


@pytest.fixture(scope="module", params=["made up", "CMU"])
def recorded(request, tmp_path_factory):
    """A folder with a walk that starts in the T-pose (007_04) and a dance (005_03), and the leg length in meters."""
    folder = tmp_path_factory.mktemp("motion")
    if request.param == "made up":
        return folder, write_made_up_recordings(folder)
    for name in ("007_04.bvh", "005_03.bvh"):
        (folder / name).write_bytes(member("cmu_bvh.tar.xz", name))
    return folder, 0.975


def made_up_deepmimic():
    """A DeepMimic file: a humanoid with hanging arms and bent knees moves forward (+x) for a second."""
    columns = np.zeros((31, 43))
    columns[:, 0] = np.linspace(0, 1.2, 31)
    columns[:, 1] = 0.85
    columns[:, [3, 7, 11, 15, 20, 24, 29, 34, 38]] = 1  # real parts of the quaternions
    columns[:, [19, 33]] = -0.8  # knees
    frames = np.column_stack([np.full(31, 1 / 30), columns])
    return json.dumps({"Loop": "none", "Frames": frames.tolist()}).encode()


@pytest.fixture(params=["made up", "DeepMimic"])
def deepmimic_walk(request, tmp_path):
    """A folder with DeepMimic's humanoid3d_walk.txt."""
    content = (
        made_up_deepmimic() if request.param == "made up" else member("deepmimic_txt.tar.xz", "humanoid3d_walk.txt")
    )
    (tmp_path / "humanoid3d_walk.txt").write_bytes(content)
    return tmp_path
