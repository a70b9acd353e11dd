"""Export a person in AMASS's format, as the scene shows it: z up, layers, strips, IK controls and trims included."""

from pathlib import Path

import bpy
import numpy as np

from tar_core.amass import write_amass
from tar_core.body.data import BodyData
from tar_core.body.shape import shape_of_joints
from tar_core.errors import TarError
from tar_core.rotations import matrix_to_axis_angle
from tar_core.skeleton import NUM_JOINTS, PARENT_NAMES

from ..retarget.skeleton_motion import ROOT, RestPose, WorldMotion, rotation_of
from ..scene.armature import SMPL_TO_BLENDER, rest_heads
from ..scene.metadata import body_of

ENDING = "amass.npz"
_TOLERANCE = 1e-3  # meters; joints that differ more are not those of a shape of the body
_SAME_SCALE = 1e-3


def write_person(path: Path, armature: bpy.types.Object, rest: RestPose, motion: WorldMotion, fps: float) -> None:
    """Write the motion of an imported person.

    Args:
        path: of the file.
        armature: of the person.
        rest, motion: of the person, in the world.
        fps: frames per second.

    Raises:
        TarError: the armature is scaled or its bones were moved, its body file is missing, or the file cannot be
            written.
    """
    if np.abs(np.array(armature.matrix_world.to_scale()) - 1).max() > _SAME_SCALE:
        raise TarError(f"{armature.name} is scaled, which AMASS files cannot tell; set its scale to 1")
    body = body_of(armature)
    betas, joints = _shape(armature, body)
    # SMPL's rotations map from the axes of its rest body, which lie in the armature.
    to_rest = rotation_of(np.array(armature.matrix_world)) @ SMPL_TO_BLENDER
    world = {joint: motion.rotations[joint] @ rest.rotations[joint].T @ to_rest for joint in rest.rotations}
    local = [
        turns if joint == ROOT else world[PARENT_NAMES[joint]].swapaxes(1, 2) @ turns for joint, turns in world.items()
    ]
    poses = np.stack([matrix_to_axis_angle(turns) for turns in local], 1)
    write_amass(path, poses.reshape(len(poses), -1), betas, motion.positions[ROOT] - joints[0], fps)


def _shape(armature: bpy.types.Object, body: BodyData) -> tuple[np.ndarray, np.ndarray]:
    """The betas [10] of a person, and the joints [J, 3] of the body with this shape, by the bones at rest."""
    joints = rest_heads(armature) @ SMPL_TO_BLENDER
    data = body.with_fingers() if len(joints) > NUM_JOINTS else body
    fits = len(joints) == len(data.joint_names)
    betas, reached = shape_of_joints(data, joints) if fits else (np.zeros(0), joints)
    if not fits or np.abs(reached - joints).max() > _TOLERANCE:
        raise TarError(
            f"{armature.name}: the bones at rest are not those of the body that was imported, which AMASS files "
            "need; undo their changes in edit mode"
        )
    return betas, reached
