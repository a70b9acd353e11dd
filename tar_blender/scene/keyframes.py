"""A person's motion as one action: a key on every frame for every bone."""

from typing import Any

import bpy
import numpy as np

from tar_core.camera.placement import WorldPlacement
from tar_core.motion import PersonMotion
from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    continuous_quaternions,
    matrix_to_quaternion,
)
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS

from ..util.incremental import Incremental, in_thread
from .armature import SMPL_TO_BLENDER, rest_heads, rest_rotations
from .fcurves import CONSTANT, curves_of, new_action, write_bone_curves, write_curve

ROOT_BONE = JOINT_NAMES[0]
VISIBILITY = ("hide_viewport", "hide_render")


def motion_steps(
    armature_object: bpy.types.Object, person: PersonMotion, placement: WorldPlacement, start_frame: int
) -> Incremental[bpy.types.Action]:
    """Keys the person's motion on the armature's bones; video frame k stands at scene frame start_frame + k.

    The armature's object stays where it is: the pelvis bone's location carries the way through the world. The same
    action hides the object before the motion's first frame and after its last.
    """
    rest = rest_rotations(armature_object)
    quaternions = yield from in_thread(lambda: bone_quaternions(person.poses, rest, placement))
    locations = pelvis_locations(person.trans, armature_object, placement)
    frames = start_frame + person.frames

    action, channels = new_action(armature_object, f"{armature_object.name} Motion")
    write_bone_curves(channels, ROOT_BONE, "location", frames, locations)
    for joint, name in enumerate(JOINT_NAMES):
        armature_object.pose.bones[name].rotation_mode = "QUATERNION"
        write_bone_curves(channels, name, "rotation_quaternion", frames, quaternions[:, joint])
        yield
    _write_visibility(channels, frames)
    return action


def follow_visibility(follower: bpy.types.Object, leader: bpy.types.Object) -> None:
    """Hides an object whenever another one is: by drivers, so that there is one place where an animator retimes it."""
    for name in VISIBILITY:
        driver = follower.driver_add(name).driver
        driver.type = "SUM"  # no expression, so it works where scripts are not trusted
        variable = driver.variables.new()
        variable.targets[0].id = leader
        variable.targets[0].data_path = name


def bone_quaternions(poses: np.ndarray, rest: np.ndarray, placement: WorldPlacement) -> np.ndarray:
    """SMPL's poses as Blender's bone rotations, sign-continuous over time.

    SMPL turns each joint in axes parallel to the rest body's, Blender in the bone's own axes at rest, B. In axes of the
    rest body, now in Blender's directions, a local rotation R reads S R S^T with S = SMPL_TO_BLENDER, and in the
    bone's B^T (S R S^T) B: for a quaternion that only turns its vector part by B^T S. The root's rotation leads from
    SMPL's axes to the camera's instead, so it goes through the placement's rotation W: B^T (W R S^T) B.

    Args:
        poses: [N, 72] axis-angle.
        rest: [24, 3, 3] from `rest_rotations`.

    Returns:
        [N, 24, 4] w x y z.
    """
    axis_angles = poses.reshape(-1, NUM_JOINTS, 3).astype(float)
    to_bone = rest.transpose(0, 2, 1) @ SMPL_TO_BLENDER
    quaternions = axis_angle_to_quaternion((to_bone @ axis_angles[..., None])[..., 0])
    root = placement.rotations(axis_angle_to_matrix(axis_angles[:, 0])) @ SMPL_TO_BLENDER.T
    quaternions[:, 0] = matrix_to_quaternion(rest[0].T @ root @ rest[0])
    return continuous_quaternions(quaternions)


def pelvis_locations(
    translations: np.ndarray, armature_object: bpy.types.Object, placement: WorldPlacement
) -> np.ndarray:
    """[N, 3] SMPL translations -> [N, 3] locations of the pelvis bone, along its own axes from its place at rest."""
    rest_pelvis = rest_heads(armature_object)[0]
    pelvis = placement.points(translations.astype(float) + rest_pelvis @ SMPL_TO_BLENDER)
    return (pelvis - rest_pelvis) @ rest_rotations(armature_object)[0]


def visibility_curves(thing: bpy.types.Object) -> list[bpy.types.FCurve]:
    """The keys and drivers that hide and show an object."""
    animation = thing.animation_data
    if animation is None:
        return []
    curves = [*animation.drivers, *curves_of(thing)]
    return [curve for curve in curves if curve.data_path in VISIBILITY]


def _write_visibility(channels: Any, frames: np.ndarray) -> None:
    group = channels.groups.new("Visibility")
    times = np.array([frames[0] - 1, frames[0], frames[-1] + 1])
    for name in VISIBILITY:
        write_curve(channels, group, name, 0, times, np.array([1.0, 0.0, 1.0]), CONSTANT)
