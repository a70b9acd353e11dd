"""Joints in exported files, read by libraries of other programs: by name, in Blender's axes, meters.

Most readers return a function of the frame. If a library is not installed, the test is skipped.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scripts.fetch.npm import unpack_package
from tar_core.errors import TarError

Joints = dict[str, np.ndarray]
Y_UP_TO_Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
VALIDATOR = "gltf-validator@2.0.0-dev.3.10"
_VALIDATE = """
const bytes = new Uint8Array(require("fs").readFileSync(process.argv[2]));
require(process.argv[1]).validateBytes(bytes).then(report => console.log(JSON.stringify(report)));
"""
_USD_JOINTS = """
import json, sys
from pxr import Usd, UsdGeom, UsdSkel
stage = Usd.Stage.Open(sys.argv[1])
(skeleton,) = [UsdSkel.Skeleton(prim) for prim in stage.Traverse() if prim.IsA(UsdSkel.Skeleton)]
cache = UsdSkel.Cache()
cache.Populate(UsdSkel.Root.Find(skeleton.GetPrim()), Usd.PrimDefaultPredicate)
query = cache.GetSkelQuery(skeleton)
world = UsdGeom.XformCache().GetLocalToWorldTransform(skeleton.GetPrim())
answer = {"up": UsdGeom.GetStageUpAxis(stage), "meters": UsdGeom.GetStageMetersPerUnit(stage)}
answer["rate"] = stage.GetTimeCodesPerSecond()
answer["names"] = [path.split("/")[-1] for path in query.GetJointOrder()]
for frame in map(int, sys.argv[2:]):
    transforms = query.ComputeJointSkelTransforms(frame)
    answer[frame] = [list((transform * world).ExtractTranslation()) for transform in transforms]
print(json.dumps(answer))
"""


def assimp_scene(path: Path) -> dict[str, Any]:
    """Read a file with the Open Asset Import Library (PyPI: cmeel-assimp) and return its JSON dump."""
    program = shutil.which("assimp", path=Path(sys.executable).parent) or shutil.which("assimp")
    if program is None:
        pytest.skip("needs assimp (pip install cmeel-assimp)")
    dump = path.with_suffix(".assjson")
    subprocess.run([program, "export", path, dump, "-fassjson"], check=True, capture_output=True)
    return json.loads(dump.read_text())


def assimp_joints(scene: dict[str, Any], meters: float) -> Callable[[int], Joints]:
    """A function that returns the joints in the n-th frame of the animation.

    Args:
        scene: from `assimp_scene`, with one skeleton: channels are identified by the names of their bones.
        meters: length of the file's unit.
    """
    (animation,) = scene["animations"]
    channels = {channel["name"]: channel for channel in animation["channels"]}

    def local(node: dict[str, Any], frame: int) -> np.ndarray:
        channel = channels.get(node["name"])
        if channel is None:
            return np.reshape(node["transformation"], (4, 4))
        parts = []
        for kind in ("positionkeys", "rotationkeys", "scalingkeys"):
            times = [key[0] for key in channel[kind]]
            parts.append(np.array(channel[kind][int(np.argmin(np.abs(np.array(times) - frame)))][1]))
        matrix = np.eye(4)
        matrix[:3, :3] = _matrix(parts[1]) * parts[2]
        matrix[:3, 3] = parts[0]
        return matrix

    def at(frame: int) -> Joints:
        joints: Joints = {}

        def walk(node: dict[str, Any], above: np.ndarray) -> None:
            world = above @ local(node, frame)
            joints[node["name"]] = meters * Y_UP_TO_Z_UP @ world[:3, 3]
            for child in node.get("children", []):
                walk(child, world)

        walk(scene["rootnode"], np.eye(4))
        return joints

    return at


def _matrix(quaternion: np.ndarray) -> np.ndarray:
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def nodes_of(scene: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All nodes of a scene from `assimp_scene`, by name."""
    found = {}
    waiting = [scene["rootnode"]]
    while waiting:
        node = waiting.pop()
        found[node["name"]] = node
        waiting += node.get("children", [])
    return found


def gltf_report(path: Path) -> dict[str, Any]:
    """Validate a glTF file with Khronos's validator and return its report."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    try:
        folder = unpack_package(VALIDATOR)
    except TarError as error:
        pytest.skip(str(error))
    command = [node, "-e", _VALIDATE, str(folder / "index.js"), str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def usd_scene(path: Path, frames: list[int]) -> dict[str, Any]:
    """Read the only skeleton of a USD file with Pixar's library: names, unit, rate, and the joints at some frames.

    This runs in another process because Blender has loaded another build of the library in this one.
    """
    found = subprocess.run([sys.executable, "-c", "import pxr"], capture_output=True)
    if found.returncode:
        pytest.skip("needs usd-core")
    command = [sys.executable, "-c", _USD_JOINTS, str(path), *map(str, frames)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def bvh_joints(path: Path) -> tuple[Callable[[int], Joints], float]:
    """Read a BVH file with pybvh: a function that returns the joints in the n-th frame, and the frame time, s."""
    pybvh = pytest.importorskip("pybvh", reason="needs pybvh")
    file = pybvh.read_bvh_file(str(path))
    positions = np.asarray(file.joint_positions())

    def at(frame: int) -> Joints:
        named = zip(file.joint_names, positions[frame], strict=True)
        return {name: 0.01 * Y_UP_TO_Z_UP @ position for name, position in named}

    return at, file.frame_time
