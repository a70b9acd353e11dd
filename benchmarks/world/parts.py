"""What WA-MPJPE is made of: parts of captured motion are replaced by the truth, each alone.

The parts are those of a body in the camera: its distance, its path (distance and direction), its orientation (a
rotation about the pelvis) and the rest, which is the pose and the size of the body. `lean` is the part of the
orientation that is about horizontal axes, and `turn` one rotation for all frames. The camera is its motion,
and the focal length scales the depth of the path, as the command line does it.
"""

from collections.abc import Sequence

import numpy as np

from benchmarks.world.people import WorldPerson, captured_people, match_people, true_people
from benchmarks.world.scoring import NONE, world_errors
from benchmarks.world.truth import Truth
from tar_core.body.data import BodyData
from tar_core.camera.placement import WorldPlacement
from tar_core.evaluation.metrics import procrustes
from tar_core.motion import MotionClip
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle

PARTS = ("nothing", "camera", "focal", "distance", "path", "turn", "lean", "orientation", "pose")
PARTS += ("path, orient.", "path, pose", "orient., pose")


def errors_of_parts(clip: MotionClip, truth: Truth, body: BodyData) -> dict[str, np.ndarray]:
    """WA-MPJPE of each frame, mm, after each of `PARTS` has been replaced by the truth."""
    true = true_people(truth, body)
    captured = captured_people(clip, WorldPlacement.level(), body)
    matches = match_people(true, captured, truth.size)
    errors: dict[str, list[np.ndarray]] = {part: [NONE] for part in PARTS}
    for person, match in zip(true, matches, strict=True):
        frames = np.flatnonzero(match >= 0)
        if not len(frames):
            continue
        seen = np.stack([_joints(captured[match[frame]], frame) for frame in frames])
        camera = clip.camera_rotations(frames), clip.camera_positions(frames)
        true_camera = truth.rotations[frames], truth.positions[frames]
        up = np.einsum("nab,b->na", truth.rotations[frames], np.array([0.0, 1, 0]))
        scaled = seen.copy()
        scaled[..., 2] += (truth.focal_length / clip.focal_length - 1) * seen[:, :1, 2]
        target = person.joints[frames]
        replaced = replaced_parts(seen, person.in_camera[frames], up) | {"focal": scaled}
        for part, joints in replaced.items():
            errors[part].append(world_errors(_in_world(joints, *camera), target)[0])
        errors["camera"].append(world_errors(_in_world(seen, *true_camera), target)[0])
    return {part: np.concatenate(values) for part, values in errors.items()}


def parts_header() -> str:
    return f"{'replaced':18}" + "".join(f"{part:>14}" for part in PARTS)


def parts_row(name: str, errors: Sequence[dict[str, np.ndarray]]) -> str:
    """Means over the frames of several videos."""
    means = [np.concatenate([NONE, *(video[part] for video in errors)]) for part in PARTS]
    return f"{name:18}" + "".join(f"{values.mean() if len(values) else np.nan:14.1f}" for values in means)


def replaced_parts(captured: np.ndarray, true: np.ndarray, up: np.ndarray) -> dict[str, np.ndarray]:
    """Captured joints with parts of the true ones, both [N, 24, 3] in the camera of each frame, meters.

    Args:
        up: [N, 3] true up direction in each camera.
    """
    root, true_root = captured[:, :1], true[:, :1]
    ratio = np.linalg.norm(true_root, axis=-1, keepdims=True) / np.linalg.norm(root, axis=-1, keepdims=True)
    offsets, true_offsets = captured - root, true - true_root
    turn = procrustes(offsets, true_offsets).rotation
    pooled = procrustes(offsets.reshape(1, -1, 3), true_offsets.reshape(1, -1, 3)).rotation
    vector = matrix_to_axis_angle(turn)
    lean = axis_angle_to_matrix(vector - (vector * up).sum(-1, keepdims=True) * up)
    turned, posed = _turned(offsets, turn), _turned(true_offsets, turn.swapaxes(1, 2))
    return {
        "nothing": captured,
        "distance": ratio * root + offsets,
        "path": true_root + offsets,
        "turn": root + _turned(offsets, pooled),
        "lean": root + _turned(offsets, lean),
        "orientation": root + turned,
        "pose": root + posed,
        "path, orient.": true_root + turned,
        "path, pose": true_root + posed,
        "orient., pose": root + true_offsets,
    }


def _turned(points: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    return points @ rotation.swapaxes(1, 2)


def _joints(person: WorldPerson, frame: int) -> np.ndarray:
    return person.in_camera[frame - int(person.frames[0])]


def _in_world(points: np.ndarray, rotations: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Points [N, K, 3] of cameras with rotations [N, 3, 3] from the world and positions [N, 3]."""
    return points @ rotations + positions[:, None]
