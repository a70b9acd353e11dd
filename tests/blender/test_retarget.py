"""Motion on other characters: hips, knees, wrists and ankles where they belong, whatever the rig's bones are like."""

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector

from tar_blender.bone_maps import KNOWN, find_bones
from tar_blender.import_motion import ImportOptions, import_clip
from tar_blender.keyframes import curves_of
from tar_blender.retarget import Rest, mapped_parent, person_motion, retarget, transfer
from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.skeleton import JOINT_NAMES, PARENTS

WITHOUT_HANDS = [name for name in JOINT_NAMES if not name.endswith("_hand")]


def mover(count: int = 48) -> MotionClip:
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


@pytest.fixture
def person() -> bpy.types.Object:
    return import_clip(mover(), bpy.context, ImportOptions(with_body=False, show_video=False)).people[0].armature


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
    rolled anyhow, turned about z, and as importers of centimetre files leave it: scaled by 1/100, on its back inside.
    """
    random = np.random.default_rng(seed)
    rest = Rest.of(source, {name: name for name in JOINT_NAMES})
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


def check_transfer(person: bpy.types.Object, character: bpy.types.Object, bones: dict[str, str], limit: float) -> None:
    """Ankles about the start scaled, other ends from their limbs' roots scaled by limb lengths, all within `limit`."""
    source = Rest.of(person, {name: name for name in JOINT_NAMES})
    target = Rest.of(character, bones)
    scale = target.leg_length() / source.leg_length()
    smpl = {name: name for name in JOINT_NAMES}
    first = heads_of(person, smpl, 1)
    start = (first["left_hip"] + first["right_hip"]) / 2 * [1, 1, 0]
    for frame in range(1, 49, 5):
        ours, theirs = heads_of(person, smpl, frame), heads_of(character, bones, frame)
        for side in ("left", "right"):
            ankle = f"{side}_ankle"
            assert np.linalg.norm(theirs[ankle] - start - scale * (ours[ankle] - start)) < limit, (frame, ankle)
            for upper, lower in (("shoulder", "elbow"), ("elbow", "wrist")):
                bone, own = (points[f"{side}_{lower}"] - points[f"{side}_{upper}"] for points in (ours, theirs))
                assert np.linalg.norm(own - bone * np.linalg.norm(own) / np.linalg.norm(bone)) < limit, (frame, lower)


RIGS = {
    "same": {},
    "A-pose": {"arms_down": 0.8},
    "long legs": {"proportions": {"left_knee": 1.2, "right_knee": 1.2, "left_elbow": 0.8, "right_elbow": 0.8}},
    "small": {"size": 0.4, "arms_down": 0.5},
    "turned": {"yaw": 2.0},
    "imported centimetres": {"tilt": True, "arms_down": 0.8, "size": 1.3},
}


@pytest.mark.parametrize("kind", ["Mixamo", "Unreal Mannequin", "VRM (VRoid)"])
@pytest.mark.parametrize("rig", RIGS)
def test_ends_are_where_they_belong(person: bpy.types.Object, rig: str, kind: str) -> None:
    character = make_character(person, KNOWN[kind], **RIGS[rig])
    found, bones = find_bones([bone.name for bone in character.data.bones])
    assert found == kind
    retarget(person, character, bones, found)
    check_transfer(person, character, bones, 0.02)


def test_what_was_transferred_is_what_blender_shows(person: bpy.types.Object) -> None:
    """Forward kinematics here and Blender's pose agree, on a rig with everything unusual at once."""
    character = make_character(person, KNOWN["Mixamo"], yaw=1.0, **RIGS["imported centimetres"])
    bones = KNOWN["Mixamo"]
    source = Rest.of(person, {name: name for name in JOINT_NAMES})
    world = transfer(source, person_motion(person), Rest.of(character, bones))
    retarget(person, character, bones)
    for index in (0, 17, 40):
        shown = heads_of(character, bones, int(world.frames[index]))
        for joint in bones:
            np.testing.assert_allclose(shown[joint], world.positions[joint][index], atol=2e-4, err_msg=joint)


def test_there_and_back(person: bpy.types.Object) -> None:
    """From a person to a character in A-pose, and from its pose to SMPL's bones again: the same rotations."""
    names = {name: f"Bone {name}" for name in WITHOUT_HANDS}
    character = make_character(person, names, arms_down=0.7, size=1.2, seed=4)
    source, target = Rest.of(person, {n: n for n in JOINT_NAMES}), Rest.of(character, names)
    motion = person_motion(person)
    there = transfer(source, motion, target)
    back = transfer(target, there, source_without_hands(source))
    for joint in WITHOUT_HANDS:
        difference = np.swapaxes(back.rotations[joint], 1, 2) @ motion.rotations[joint]
        angle = np.arccos(np.clip((np.trace(difference, axis1=1, axis2=2) - 1) / 2, -1, 1))
        assert np.degrees(angle).max() < 0.5, joint


def source_without_hands(source: Rest) -> Rest:
    return Rest(
        {joint: source.rotations[joint] for joint in WITHOUT_HANDS},
        {joint: source.heads[joint] for joint in WITHOUT_HANDS},
    )


def test_a_full_turn_has_no_flips(person: bpy.types.Object) -> None:
    character = make_character(person, KNOWN["Mixamo"], arms_down=0.8)
    retarget(person, character, KNOWN["Mixamo"])
    action = character.animation_data.action
    bones = KNOWN["Mixamo"]
    previous = None
    for frame in range(1, 49):
        now = rotations_of(character, bones, frame)
        if previous:
            for joint in bones:
                assert (previous[joint].inverted() @ now[joint]).to_quaternion().angle < 0.5, (frame, joint)
        previous = now
    for curve in curves_of(character):
        if "quaternion" in curve.data_path:
            values = np.array([point.co[1] for point in curve.keyframe_points])
            assert np.abs(np.diff(values)).max() < 0.5
    assert tuple(action.frame_range) == (1.0, 48.0)


def test_rigify(person: bpy.types.Object) -> None:
    """The generated human rig, by its FK controls, measured at the bones that deform."""
    import addon_utils

    if addon_utils.enable("rigify", default_set=True) is None:
        pytest.skip("this Blender has no Rigify")
    bpy.ops.object.armature_human_metarig_add()
    metarig = bpy.context.object
    kind, bones = find_bones([bone.name for bone in metarig.data.bones])
    assert kind == "Rigify Meta-Rig"
    bpy.ops.pose.rigify_generate()
    rig = bpy.data.objects["rig"]
    kind, bones = find_bones([bone.name for bone in rig.data.bones])
    assert kind == "Rigify"
    retarget(person, rig, bones, kind)
    check_transfer(person, rig, bones, 0.02)
    deforming = {
        joint: bone.replace("_fk", "").join(["DEF-", ""])
        for joint, bone in bones.items()
        if joint.endswith(("_elbow", "_wrist", "_knee", "_ankle"))
    }
    for frame in (1, 20, 40):
        controls, flesh = heads_of(rig, bones, frame), heads_of(rig, deforming, frame)
        for joint in deforming:
            assert np.linalg.norm(controls[joint] - flesh[joint]) < 0.005, joint
    world = transfer(Rest.of(person, {n: n for n in JOINT_NAMES}), person_motion(person), Rest.of(rig, bones))
    shown = rotations_of(rig, bones, 20)
    for joint in bones:
        difference = Matrix(world.rotations[joint][19]).inverted() @ shown[joint]
        assert np.degrees(difference.to_quaternion().angle) < 1, joint


def test_the_old_action_stays_and_undo_is_the_operators(person: bpy.types.Object) -> None:
    character = make_character(person, KNOWN["Mixamo"])
    old = bpy.data.actions.new("Wave")
    character.animation_data_create().action = old
    new = retarget(person, character, KNOWN["Mixamo"])
    assert character.animation_data.action == new and old.use_fake_user


def test_bad_input(person: bpy.types.Object) -> None:
    character = make_character(person, KNOWN["Mixamo"])
    with pytest.raises(TarError, match="no bone for left_knee"):
        retarget(person, character, {j: b for j, b in KNOWN["Mixamo"].items() if j != "left_knee"})
    with pytest.raises(TarError, match="no bone called Tail"):
        retarget(person, character, KNOWN["Mixamo"] | {"head": "Tail"})
    with pytest.raises(TarError, match="no imported person"):
        retarget(character, character, KNOWN["Mixamo"])
    assert character.animation_data is None
