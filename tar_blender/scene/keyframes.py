"""A person's motion as an action with a key on every frame for every bone."""

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

from tar_core.body.hand_poses import AS_CAPTURED, hands_of, has_captured_hands
from tar_core.camera.placement import WorldPlacement
from tar_core.motion import PersonMotion
from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    continuous_quaternions,
    matrix_to_quaternion,
)
from tar_core.skeleton import HAND_JOINT_NAMES, JOINT_NAMES, NUM_BODY_JOINTS

from ..util.blender_types import pose_bones
from ..util.incremental import Incremental, in_thread
from .armature import SMPL_TO_BLENDER, rest_heads, rest_rotations
from .bone_names import joint_bones
from .fcurves import (
    Animated,
    add_driver,
    bone_path,
    curves_of,
    find_action,
    new_action,
    remove_curves,
    write_bone_curves,
)
from .layers import fit_layers
from .metadata import is_part, mark_part
from .travel import remove_travel

ROOT = JOINT_NAMES[0]
VISIBILITY = ("hide_viewport", "hide_render")


def motion_steps(
    armature_object: bpy.types.Object,
    person: PersonMotion,
    placement: WorldPlacement,
    start_frame: int,
    hands: str = AS_CAPTURED,
) -> Incremental[bpy.types.Action]:
    """Key a person's motion on the armature's bones; video frame k becomes scene frame start_frame + k.

    The pelvis bone has the location of the person in the world; the armature object does not move. Fingers that
    were not captured have a key on the first frame only, so that animators can key them.

    If the armature has the motion of an earlier import, its keys are replaced in the same action.

    Args:
        hands: the pose of the fingers, AS_CAPTURED or one of HAND_POSES.
    """
    bones = joint_bones(armature_object)
    rest = rest_rotations(armature_object)
    poses = joint_poses(person, list(bones), rest_heads(armature_object), hands)
    quaternions = yield from in_thread(lambda: bone_quaternions(poses, rest, placement))
    locations = pelvis_locations(person.trans, armature_object, placement)
    frames = start_frame + person.frames

    action, channels = motion_action(armature_object, f"{armature_object.name} Motion")
    root = bones[ROOT]
    paths = {bone_path(root, "location"), *(bone_path(name, "rotation_quaternion") for name in bones.values())}
    remove_curves(channels, paths | set(VISIBILITY))  # of an earlier import
    remove_travel(armature_object, channels)
    write_bone_curves(channels, root, "location", frames, locations)
    for number, (joint, name) in enumerate(bones.items()):
        pose_bones(armature_object)[name].rotation_mode = "QUATERNION"
        is_constant = joint in HAND_JOINT_NAMES and not has_captured_hands(person, hands)
        count = 1 if is_constant else len(frames)
        write_bone_curves(channels, name, "rotation_quaternion", frames[:count], quaternions[:count, number])
        yield
    fit_layers(armature_object)
    return action


def joint_poses(person: PersonMotion, joints: list[str], rest_heads: np.ndarray, hands: str) -> np.ndarray:
    """Rotations [N, J, 3] of an armature's joints, whose heads at rest are [J, 3], axis-angle."""
    poses = person.poses.reshape(len(person), -1, 3).astype(float)
    if not set(joints).issuperset(HAND_JOINT_NAMES):
        return poses[:, [JOINT_NAMES.index(joint) for joint in joints]]
    return np.concatenate([poses[:, :NUM_BODY_JOINTS], hands_of(person, hands, rest_heads @ SMPL_TO_BLENDER)], 1)


def motion_action(obj: Animated, name: str) -> tuple[bpy.types.Action, Any]:
    """The action that an import has made for an object, or else a new one, which becomes the object's action.

    Returns:
        The action, and the owner of its `fcurves` and `groups`.
    """
    found = find_action(obj, is_part)
    if found is not None:
        return found
    if obj.animation_data is not None and obj.animation_data.action is not None:
        obj.animation_data.action.use_fake_user = True  # the user's own, which would not be saved
    action, channels = new_action(obj, name)
    mark_part(action)
    return action, channels


def hide_absent(armature: bpy.types.Object, motion: tuple[int, int], clip: tuple[int, int]) -> None:
    """Hide an armature in the frames of a clip that are before or after its motion, with drivers.

    The action contains only poses, so that it can be repeated and moved in the NLA editor.

    Args:
        motion: first and last scene frame of the person's motion.
        clip: first and last scene frame of all people.
    """
    absent = []
    if clip[0] < motion[0]:
        absent.append(f"(frame >= {clip[0]} and frame < {motion[0]})")
    if motion[1] < clip[1]:
        absent.append(f"(frame > {motion[1]} and frame <= {clip[1]})")
    for name in VISIBILITY:
        armature.driver_remove(name)
        setattr(armature, name, False)
        if absent:
            driver = add_driver(armature, name)
            driver.type = "SCRIPTED"
            driver.expression = " or ".join(absent)  # simple enough to need no permission to run scripts


def is_hidden_when_absent(armature: bpy.types.Object) -> bool:
    """Whether `hide_absent`, or the keys of an older version, hide an armature."""
    animation = armature.animation_data
    drivers = (
        [] if animation is None else [curve.driver for curve in animation.drivers if curve.data_path in VISIBILITY]
    )
    has_own = any(driver is not None and driver.expression.startswith("(frame ") for driver in drivers)
    return has_own or any(curve.data_path in VISIBILITY for curve in curves_of(armature))


def motion_range(armature: bpy.types.Object) -> tuple[int, int] | None:
    """The first and the last scene frame of an imported motion; None if its action was removed."""
    found = find_action(armature, is_part)
    return None if found is None else whole_frames(found[0])


def hide_absent_people(hidden: Sequence[bpy.types.Object], people: Sequence[bpy.types.Object]) -> None:
    """Hide people again in the frames in which only others of their video are seen.

    Args:
        hidden: the armatures that were hidden so before; not those whose drivers the user has removed.
        people: the armatures of all shots of the video.
    """
    ranges = [found for found in map(motion_range, people) if found is not None]
    for armature in hidden:
        own = motion_range(armature)
        if own is not None:
            hide_absent(armature, own, (min(first for first, _ in ranges), max(last for _, last in ranges)))


def whole_frames(action: bpy.types.Action) -> tuple[int, int]:
    """The first and the last frame of the keys of an action."""
    frames: Any = action.curve_frame_range
    return round(frames[0]), round(frames[1])


def follow_visibility(follower: bpy.types.Object, leader: bpy.types.Object) -> None:
    """Hide an object whenever another one is hidden, with drivers, so that animators can change it in one place."""
    for name in VISIBILITY:
        driver = add_driver(follower, name)
        driver.type = "SUM"  # not an expression, so it also works without permission to run scripts
        variable = driver.variables.new()
        variable.targets[0].id = leader
        variable.targets[0].data_path = name


def bone_quaternions(poses: np.ndarray, rest: np.ndarray, placement: WorldPlacement) -> np.ndarray:
    """Convert SMPL poses to rotations of Blender's bones, without sign changes over time.

    SMPL rotates each joint about axes parallel to those of the rest body, Blender about the axes B of the bone at
    rest. With S = SMPL_TO_BLENDER, a local rotation R is S R S^T in the axes of Blender's world, and B^T (S R S^T) B
    in the axes of the bone: the vector part of its quaternion is multiplied by B^T S. The root's rotation maps from
    SMPL's axes to those of the camera, so it is B^T (W R S^T) B with the placement's rotation W.

    Args:
        poses: [N, J, 3] axis-angle.
        rest: [J, 3, 3] from `rest_rotations`.
        placement: of the camera frame in the world.

    Returns:
        [N, J, 4] w x y z.
    """
    to_bone = rest.transpose(0, 2, 1) @ SMPL_TO_BLENDER
    quaternions = axis_angle_to_quaternion((to_bone @ poses[..., None])[..., 0])
    root = placement.rotations(axis_angle_to_matrix(poses[:, 0])) @ SMPL_TO_BLENDER.T
    quaternions[:, 0] = matrix_to_quaternion(rest[0].T @ root @ rest[0])
    return continuous_quaternions(quaternions)


def pelvis_locations(
    translations: np.ndarray, armature_object: bpy.types.Object, placement: WorldPlacement
) -> np.ndarray:
    """Convert SMPL translations [N, 3] to locations of the pelvis bone [N, 3], along its axes and relative to rest."""
    rest_pelvis = rest_heads(armature_object)[0]
    pelvis = placement.points(translations.astype(float) + rest_pelvis @ SMPL_TO_BLENDER)
    return (pelvis - rest_pelvis) @ rest_rotations(armature_object)[0]


def visibility_curves(obj: bpy.types.Object) -> list[bpy.types.FCurve]:
    """Return the curves and drivers that hide and show an object."""
    animation = obj.animation_data
    if animation is None:
        return []
    curves = [*animation.drivers, *curves_of(obj)]
    return [curve for curve in curves if curve.data_path in VISIBILITY]
