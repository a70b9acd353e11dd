"""SMPL's 24 joints as a Blender armature."""

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np
from mathutils import Vector

from tar_core.body.data import BodyData
from tar_core.skeleton import JOINT_NAMES, PARENTS

from ..util.blender_types import data_of, view_layer_of

# From SMPL's rest pose (x to the person's left, y up, z forward) to Blender's convention: z up, facing -Y, left on +X.
SMPL_TO_BLENDER = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])

_FORWARD = np.array([0.0, -1.0, 0.0])
_UP = np.array([0.0, 0.0, 1.0])

# The child that the bone points at, for joints with several children.
_MAIN_CHILD = {"pelvis": "spine1", "spine3": "neck"}

# Directions of the last bones of chains. Hands continue in the direction of the forearm.
_LEAF_DIRECTION = {"head": _UP, "left_foot": _FORWARD, "right_foot": _FORWARD}

# A bone's z axis points forward, so that elbows and knees bend about their x axis. Feet already point forward, so their
# z axis points up. Both directions are in the mirror plane, so the rolls of left and right bones are mirror images.
_ROLL_UP = ("left_ankle", "right_ankle", "left_foot", "right_foot")

_MIN_BONE_LENGTH = 0.02  # meters; Blender deletes bones of length zero


def shaped_body(body: BodyData, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Apply a shape to a body in its rest pose.

    Returns:
        Vertices [V, 3] and joints [24, 3], meters, in SMPL's axes.
    """
    count = body.shapedirs.shape[-1]
    vertices = body.v_template + body.shapedirs @ betas[:count]
    return vertices, body.J_regressor @ vertices


def build_armature(
    context: bpy.types.Context, name: str, body: BodyData, betas: np.ndarray, collection: bpy.types.Collection
) -> bpy.types.Object:
    """Create an armature at the world's origin, in SMPL's T-pose, with one bone for each joint, named as in SMPL.

    A bone's head is the joint and its tail is the next joint of the chain. The pelvis bone holds the translation.
    Blender recognizes the prefixes `left_` and `right_`, so X-axis mirror and Paste Pose Flipped work.
    """
    vertices, joints = shaped_body(body, betas)
    heads = joints @ SMPL_TO_BLENDER.T
    tails = _bone_tails(heads, vertices @ SMPL_TO_BLENDER.T, body.weights)

    armature = bpy.data.armatures.new(name)
    armature_object = bpy.data.objects.new(name, armature)
    collection.objects.link(armature_object)
    armature_object.show_in_front = True
    with edit_mode(context, armature_object):
        for joint, joint_name in enumerate(JOINT_NAMES):
            bone = armature.edit_bones.new(joint_name)
            bone.head = Vector(heads[joint])
            bone.tail = Vector(tails[joint])
            bone.align_roll(Vector(tuple(_UP if joint_name in _ROLL_UP else _FORWARD)))
            if PARENTS[joint] >= 0:
                bone.parent = armature.edit_bones[JOINT_NAMES[PARENTS[joint]]]
                bone.use_connect = joint == _next_joint(PARENTS[joint])
    return armature_object


def rest_rotations(armature_object: bpy.types.Object) -> np.ndarray:
    """Return the bones' axes at rest [24, 3, 3] as columns, in armature space and SMPL's joint order."""
    bones = data_of(armature_object, bpy.types.Armature).bones
    return np.array([bones[name].matrix_local.to_3x3() for name in JOINT_NAMES], float)


def rest_heads(armature_object: bpy.types.Object) -> np.ndarray:
    """Return the bones' heads at rest [24, 3], in armature space and SMPL's joint order."""
    bones = data_of(armature_object, bpy.types.Armature).bones
    return np.array([bones[name].head_local for name in JOINT_NAMES], float)


def _next_joint(joint: int) -> int | None:
    """Return the joint that this joint's bone points at; None at the end of a chain."""
    name = JOINT_NAMES[joint]
    if name in _MAIN_CHILD:
        return JOINT_NAMES.index(_MAIN_CHILD[name])
    return PARENTS.index(joint) if joint in PARENTS else None


def _bone_tails(heads: np.ndarray, vertices: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the bones' tails [24, 3]: the next joint or, at the end of a chain, the end of the bone's vertices."""
    tails = np.empty_like(heads)
    owner = weights.argmax(1)
    for joint, name in enumerate(JOINT_NAMES):
        child = _next_joint(joint)
        if child is not None:
            tails[joint] = heads[child]
            continue
        direction = _LEAF_DIRECTION.get(name)
        if direction is None:
            forearm = heads[joint] - heads[PARENTS[joint]]
            direction = forearm / np.linalg.norm(forearm)
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
