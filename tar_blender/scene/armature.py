"""The joints of SMPL, or of SMPL-H if the body has fingers, as a Blender armature."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from tar_core.body.data import BodyData
from tar_core.skeleton import HAND_JOINT_NAMES

from ..util.blender_types import data_of, view_layer_of
from .bone_names import SMPL, bone_name, joint_bones

# From SMPL's rest pose (x to the person's left, y up, z forward) to Blender's convention: z up, facing -Y, left on +X.
SMPL_TO_BLENDER = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])

_FORWARD = np.array([0.0, -1.0, 0.0])
_UP = np.array([0.0, 0.0, 1.0])

# The child that the bone points at, for joints with several children.
_MAIN_CHILD = {"pelvis": "spine1", "spine3": "neck", "left_wrist": "left_middle1", "right_wrist": "right_middle1"}

# Directions of the last bones of chains. Hands and fingertips continue in the direction of the bone before.
_LEAF_DIRECTION = {"head": _UP, "left_foot": _FORWARD, "right_foot": _FORWARD}

# A bone's z axis points forward, so that elbows and knees bend about their x axis. Feet already point forward, so their
# z axis points up. That of a finger points down, where it curls to. All these directions are in the mirror plane, so
# the rolls of left and right bones are mirror images.
_Z_AXES = {"ankle": _UP, "foot": _UP, "index": -_UP, "middle": -_UP, "ring": -_UP, "pinky": -_UP}
_Z_AXES["thumb"] = -_UP - _FORWARD

# Bone collections, and their colors.
_SIDES = {"left": ("Left", "THEME04"), "right": ("Right", "THEME01"), "": ("Center", "THEME09")}

_MIN_BONE_LENGTH = 0.02  # meters; Blender deletes bones of length zero


def shaped_body(body: BodyData, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Apply a shape to a body in its rest pose.

    Returns:
        Vertices [V, 3] and joints [J, 3], meters, in SMPL's axes.
    """
    count = body.shapedirs.shape[-1]
    vertices = body.v_template + body.shapedirs @ betas[:count]
    return vertices, body.J_regressor @ vertices


def build_armature(
    context: bpy.types.Context,
    name: str,
    body: BodyData,
    betas: np.ndarray,
    collection: bpy.types.Collection,
    style: str = SMPL,
) -> bpy.types.Object:
    """Create an armature at the world's origin, in SMPL's T-pose, with one bone for each joint of the body.

    A bone's head is the joint and its tail is the next joint of the chain. The pelvis bone holds the translation.
    Blender recognizes the sides in the names of both styles, so X-axis mirror and Paste Pose Flipped work.

    Args:
        style: of the bones' names; see `bone_names`.
    """
    vertices, joints = shaped_body(body, betas)
    heads = joints @ SMPL_TO_BLENDER.T
    tails = bone_tails(body, heads, vertices @ SMPL_TO_BLENDER.T)

    armature = bpy.data.armatures.new(name)
    armature_object = bpy.data.objects.new(name, armature)
    collection.objects.link(armature_object)
    armature_object.show_in_front = True
    with edit_mode(context, armature_object):
        for joint, (joint_name, parent) in enumerate(zip(body.joint_names, body.parents, strict=True)):
            bone = armature.edit_bones.new(bone_name(joint_name, style))
            bone.head = Vector(heads[joint])
            bone.tail = Vector(tails[joint])
            bone.align_roll(Vector(tuple(_Z_AXES.get(_part(joint_name), _FORWARD))))
            if parent >= 0:
                bone.parent = armature.edit_bones[bone_name(body.joint_names[parent], style)]
                bone.use_connect = joint == _next_joint(body, parent)
    _group_bones(armature_object)
    return armature_object


def _group_bones(armature_object: bpy.types.Object) -> None:
    """Put the bones into the collections Body and Hands, divided by side, and color the sides."""
    armature = data_of(armature_object, bpy.types.Armature)
    collections: dict[str, Any] = {}
    for joint, name in joint_bones(armature_object).items():
        group = "Hands" if joint in HAND_JOINT_NAMES else "Body"
        side, color = _SIDES[joint.partition("_")[0] if "_" in joint else ""]
        if group not in collections:
            collections[group] = armature.collections.new(group)
        part = f"{group} {side}"
        if part not in collections:
            collections[part] = armature.collections.new(part, parent=collections[group])
        bone: Any = armature.bones[name]
        collections[part].assign(bone)
        bone.color.palette = color


def rest_rotations(armature_object: bpy.types.Object) -> np.ndarray:
    """Return the bones' axes at rest [J, 3, 3] as columns, in armature space and the order of `joint_bones`."""
    bones = data_of(armature_object, bpy.types.Armature).bones
    return np.array([bones[name].matrix_local.to_3x3() for name in joint_bones(armature_object).values()], float)


def rest_heads(armature_object: bpy.types.Object) -> np.ndarray:
    """Return the bones' heads at rest [J, 3], in armature space and the order of `joint_bones`."""
    bones = data_of(armature_object, bpy.types.Armature).bones
    return np.array([bones[name].head_local for name in joint_bones(armature_object).values()], float)


def _part(joint: str) -> str:
    """The part of the body in a joint's name, without side and number: `left_index1` is an index finger."""
    return joint.rpartition("_")[2].rstrip("123")


def _next_joint(body: BodyData, joint: int) -> int | None:
    """Return the joint that this joint's bone points at; None at the end of a chain."""
    child = _MAIN_CHILD.get(body.joint_names[joint])
    if child in body.joint_names:
        return body.joint_names.index(child)
    return body.parents.index(joint) if joint in body.parents else None


def bone_tails(body: BodyData, heads: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """Return the bones' tails [J, 3]: the next joint or, at the end of a chain, the end of the bone's vertices."""
    tails = np.empty_like(heads)
    owner = body.weights.argmax(1)
    for joint, name in enumerate(body.joint_names):
        child = _next_joint(body, joint)
        if child is not None:
            tails[joint] = heads[child]
            continue
        direction = _LEAF_DIRECTION.get(name)
        if direction is None:
            before = heads[joint] - heads[body.parents[joint]]
            direction = before / np.linalg.norm(before)
        own = vertices[owner == joint]
        length = max(((own - heads[joint]) @ direction).max(initial=0.0), _MIN_BONE_LENGTH)
        tails[joint] = heads[joint] + length * direction
    return tails


@contextmanager
def edit_mode(context: bpy.types.Context, armature_object: bpy.types.Object) -> Iterator[None]:
    """Switch to edit mode, in which bones can be created; restore the active object afterwards."""
    objects = view_layer_of(context).objects
    previous = objects.active
    objects.active = armature_object
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        yield
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
        objects.active = previous
