"""Export a person's motion as a BVH file: y up, in centimeters, with a T-pose if all angles are zero.

Other programs expect this. Blender's own exporter keeps z up, so that people appear to lie on the floor.
"""

from collections.abc import Iterator

import numpy as np

from tar_core.skeleton import PARENT_NAMES

from ..retarget.skeleton_motion import ROOT, RestPose, WorldMotion

_TO_Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
_CENTIMETERS = 100.0
_END_LENGTH = 5.0  # centimeters; end sites only give the directions of the last bones


def bvh_text(rest: RestPose, motion: WorldMotion, fps: float) -> str:
    """Return the content of a BVH file.

    Args:
        rest: rest pose of an imported person, with all joints of the motion.
        motion: the person's motion.
        fps: frames per second.
    """
    frames = len(motion.frames)
    rotations = {
        name: _TO_Y_UP @ motion.rotations[name] @ rest.rotations[name].T @ _TO_Y_UP.T for name in motion.rotations
    }
    columns = [_CENTIMETERS * motion.positions[ROOT] @ _TO_Y_UP.T]
    order: list[str] = []
    hierarchy = list(_joint(rest, ROOT, order, ""))
    for joint in order:
        local = rotations[joint]
        if joint != ROOT:
            local = rotations[PARENT_NAMES[joint]].swapaxes(1, 2) @ local
        columns.append(_euler_zxy(local))
    rows = (" ".join(f"{value:.6f}" for value in row) for row in np.concatenate(columns, 1))
    head = ["MOTION", f"Frames: {frames}", f"Frame Time: {1 / fps:.9f}"]
    return "\n".join(["HIERARCHY", *hierarchy, *head, *rows]) + "\n"


def _joint(rest: RestPose, name: str, order: list[str], indent: str) -> Iterator[str]:
    """Yield the lines of a joint and its descendants; append the joints to `order` in the order of the lines."""
    order.append(name)
    parent = PARENT_NAMES.get(name)
    offset = np.zeros(3) if parent is None else rest.heads[name] - rest.heads[parent]
    channels = "Zrotation Xrotation Yrotation"
    yield f"{indent}{'ROOT' if parent is None else 'JOINT'} {name}"
    yield f"{indent}{{"
    inner = indent + "\t"
    yield f"{inner}OFFSET {_numbers(_CENTIMETERS * _TO_Y_UP @ offset)}"
    yield f"{inner}CHANNELS {f'6 Xposition Yposition Zposition {channels}' if parent is None else f'3 {channels}'}"
    children = [child for child in rest.heads if PARENT_NAMES.get(child) == name]
    for child in children:
        yield from _joint(rest, child, order, inner)
    if not children:
        direction = _TO_Y_UP @ offset
        yield from (
            f"{inner}End Site",
            f"{inner}{{",
            f"{inner}\tOFFSET {_numbers(_END_LENGTH * direction / np.linalg.norm(direction))}",
        )
        yield f"{inner}}}"
    yield f"{indent}}}"


def _numbers(vector: np.ndarray) -> str:
    return " ".join(f"{value:.6f}" for value in vector)


def _euler_zxy(matrices: np.ndarray) -> np.ndarray:
    """Convert rotations [N, 3, 3] to angles z, x, y [N, 3] in degrees, R = R_z R_x R_y, without 360-degree jumps."""
    x = np.arcsin(np.clip(matrices[:, 2, 1], -1, 1))
    y = np.arctan2(-matrices[:, 2, 0], matrices[:, 2, 2])
    z = np.arctan2(-matrices[:, 0, 1], matrices[:, 1, 1])
    return np.degrees(np.stack([np.unwrap(z), x, np.unwrap(y)], 1))
