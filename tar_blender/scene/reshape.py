"""Another shape for a person's armature and body, as after a change of the height."""

import bpy
import numpy as np
from mathutils import Vector

from tar_core.body.data import BodyData
from tar_core.skeleton import NUM_JOINTS

from ..util.blender_types import data_of
from .armature import SMPL_TO_BLENDER, bone_tails, edit_mode, rest_heads, shaped_body
from .bone_names import joint_bones
from .face_keys import has_face_keys, move_basis
from .metadata import is_part
from .posed import shown

_TOLERANCE = 1e-4  # meters; bones that differ less have the shape already


def reshape(context: bpy.types.Context, armature: bpy.types.Object, body: BodyData, betas: np.ndarray) -> bool:
    """Give an armature and its body the shape of betas [10].

    Bones that the user has added, and a body with other shape keys than the face's or with other vertices, stay as they
    are.

    Args:
        context: the context.
        armature: of the person.
        body: the clip's body.
        betas: the shape.

    Returns:
        False if Blender cannot edit the armature, because its collection is hidden or excluded.
    """
    bones = joint_bones(armature)
    data = body.with_fingers() if len(bones) > NUM_JOINTS else body
    vertices, joints = shaped_body(data, betas)
    heads = joints @ SMPL_TO_BLENDER.T
    before = rest_heads(armature)
    if len(heads) != len(before) or np.abs(heads - before).max() < _TOLERANCE:
        return True
    tails = bone_tails(data, heads, vertices @ SMPL_TO_BLENDER.T)
    with shown(armature) as is_shown:
        if not is_shown:
            return False
        with edit_mode(context, armature):
            edited = data_of(armature, bpy.types.Armature).edit_bones
            ups = [edited[name].z_axis.copy() for name in bones.values()]  # a moved parent also turns its children
            for joint, name in enumerate(bones.values()):
                edited[name].head, edited[name].tail = Vector(heads[joint]), Vector(tails[joint])
                edited[name].align_roll(ups[joint])
    _reshape_body(armature, vertices @ SMPL_TO_BLENDER.T)
    return True


def rest_height(armature: bpy.types.Object) -> float | None:
    """The height of the body that the import made, at rest, in meters; None if there is none."""
    for child in armature.children:
        mesh = child.data
        if isinstance(mesh, bpy.types.Mesh) and is_part(child) and len(mesh.vertices):
            vertices = np.empty(3 * len(mesh.vertices), np.float32)
            mesh.vertices.foreach_get("co", vertices)
            return float(np.ptp(vertices[2::3]))
    return None


def _reshape_body(armature: bpy.types.Object, vertices: np.ndarray) -> None:
    """Move the vertices [V, 3] of the body that the import made, if it still has them all."""
    for child in armature.children:
        mesh = child.data
        if not isinstance(mesh, bpy.types.Mesh) or not is_part(child) or len(mesh.vertices) != len(vertices):
            continue
        if has_face_keys(mesh):
            move_basis(mesh, vertices)
        elif mesh.shape_keys is None:
            mesh.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
            mesh.update()
