"""IK controls of characters: the pose is that of FK, and root bones carry the travel."""

import bpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mathutils import Matrix, Vector

from tar_blender.retarget.bone_maps import find_bones
from tar_blender.retarget.ik_baking import bend_directions, turned
from tar_blender.retarget.known_rigs import KNOWN, MIXAMO_CONTROLS
from tar_blender.retarget.retarget import BakeOptions, retarget
from tar_blender.scene.fcurves import curves_of
from tar_blender.scene.posed import posed_matrices
from tests.support.characters import FRAMES, add_ik, add_root, editing, generate_rigify, make_character

MIXAMO = KNOWN["Mixamo"]
ALL_FRAMES = np.arange(1, FRAMES + 1)
DEFORMING = [f"DEF-{bone}.{side}" for side in "LR" for bone in ("shin", "foot", "toe", "forearm", "hand")]


def heads(character: bpy.types.Object, bones: list[str]) -> np.ndarray:
    return posed_matrices(character, bones, ALL_FRAMES)[..., :3, 3]


def keyed(character: bpy.types.Object) -> dict[str, list[float]]:
    return {curve.data_path: [point.co[1] for point in curve.keyframe_points] for curve in curves_of(character)}


# The basic rig has no face and no fingers, whose generation and evaluation take most of the time.
@pytest.mark.parametrize("basic", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_rigify(walker: bpy.types.Object, basic: bool) -> None:
    rig = generate_rigify(basic)
    if rig is None:
        pytest.skip("this version of Blender has no Rigify")
    kind, bones = find_bones([bone.name for bone in rig.data.bones])
    assert not retarget(walker, rig, bones, kind).messages()
    switch = 'pose.bones["thigh_parent.L"]["IK_FK"]'
    fk = heads(rig, DEFORMING)
    assert keyed(rig)[switch] == [1.0] and 'pose.bones["root"].location' not in keyed(rig)

    for options in (BakeOptions("IK", root_motion=True), BakeOptions("BOTH")):
        assert not retarget(walker, rig, bones, kind, options).messages()
        assert np.linalg.norm(heads(rig, DEFORMING) - fk, axis=-1).max() < 0.005
        curves = keyed(rig)
        assert curves[switch] == [0.0] and len(curves['pose.bones["foot_ik.L"].location']) == FRAMES
        assert ('pose.bones["thigh_fk.L"].rotation_quaternion' in curves) == (options.limbs == "BOTH")
        assert (len(curves['pose.bones["root"].location']) == FRAMES) == options.root_motion
    for control in ("chest", "hips", "spine_fk", "tweak_spine"):
        rig.pose.bones[control].matrix_basis = Matrix.Rotation(0.4, 4, "X") @ Matrix.Translation((0, 0.1, 0))
    assert not retarget(walker, rig, bones, kind, BakeOptions("BOTH")).messages(), "left-over poses are reset"
    for curve in curves_of(rig):
        if curve.data_path == switch:
            curve.keyframe_points[0].co[1] = 1.0
    assert np.linalg.norm(heads(rig, DEFORMING) - fk, axis=-1).max() < 1e-4, "the FK keys give the same pose"


@pytest.mark.parametrize("driven", [False, True])
def test_rigs_whose_own_bones_have_ik(walker: bpy.types.Object, driven: bool) -> None:
    character = make_character(walker, MIXAMO, arms_down=0.6, tilt=True)
    add_root(character, "Hips")
    bones = list(MIXAMO.values())
    retarget(walker, character, MIXAMO)
    fk = heads(character, bones)
    for name in ("LeftUpLeg", "LeftLeg", "LeftFoot"), ("RightArm", "RightForeArm", "RightHand"):
        add_ik(character, *name, parent="Root", driven=driven)
    baked = retarget(walker, character, MIXAMO, options=BakeOptions("IK"))
    assert baked.messages() == ["no IK controls found for left arm, right leg"]
    scale = character.matrix_world.to_scale()[0]
    assert scale * np.linalg.norm(heads(character, bones) - fk, axis=-1).max() < 0.005
    target = character.pose.bones["LeftFoot IK"]
    before = heads(character, ["LeftFoot"])
    for curve in curves_of(character):
        if curve.data_path == target.path_from_id("location"):
            for point in curve.keyframe_points:
                point.co[1] += 0.02 / scale
    moved = scale * np.linalg.norm(heads(character, ["LeftFoot"]) - before, axis=-1)
    assert np.median(moved) > 0.03, "the foot follows its target"
    assert retarget(walker, character, MIXAMO).muted, "FK mutes IK"
    np.testing.assert_allclose(heads(character, bones), fk, atol=1e-3 / scale)


def test_control_rigs_with_bones_for_ik(walker: bpy.types.Object) -> None:
    """A leg and an arm as Mixamo's add-on makes them: bones for IK beside those for FK, and a switch."""
    names = KNOWN[MIXAMO_CONTROLS]
    rig = make_character(walker, names, arms_down=0.6)
    limbs = {  # target, pole, joints, and the direction in which the middle joint points
        "Ctrl_Foot_IK_Left": (
            "Ctrl_LegPole_IK_Left",
            ("left_hip", "left_knee", "left_ankle"),
            Vector((0, -1, 0)),
        ),
        "Ctrl_Hand_IK_Right": (
            "Ctrl_ArmPole_IK_Right",
            ("right_shoulder", "right_elbow", "right_wrist"),
            Vector((0, 1, 0)),
        ),
    }
    lower = []
    with editing(rig) as bones:
        master = bones.new("Ctrl_Master")
        master.tail = (0, 0.3, 0)
        bones["Ctrl_Hips"].parent = master
        for target, (pole, joints, ahead) in limbs.items():
            upper, middle, end = (bones[names[joint]] for joint in joints)
            copies = []
            for bone in (upper, middle):
                copy = bones.new(bone.name.replace("_FK_", "_IK_"))
                copy.head, copy.tail = bone.head, bone.tail
                copy.align_roll(ahead)  # bends about its x axis
                copy.parent = copies[-1] if copies else bone.parent
                copies.append(copy)
            lower.append(copies[1].name)
            for name, head in ((target, end.head), (pole, middle.head + 0.5 * ahead)):
                control = bones.new(name)
                control.head, control.tail, control.parent = head, head + Vector((0, 0, 0.2)), master
    for name, (target, (pole, _, _)) in zip(lower, limbs.items(), strict=True):
        bone = rig.pose.bones[name]
        bone.lock_ik_y = bone.lock_ik_z = True
        ik = bone.constraints.new("IK")
        ik.target = ik.pole_target = rig
        ik.subtarget, ik.pole_subtarget, ik.chain_count, ik.pole_angle = target, pole, 2, np.pi / 2
        rig.pose.bones[target]["ik_fk_switch"] = 1.0
    kind, bones = find_bones([bone.name for bone in rig.data.bones])
    assert kind == MIXAMO_CONTROLS
    baked = retarget(walker, rig, bones, kind, BakeOptions("BOTH", root_motion=True))
    assert baked.messages() == ["no IK controls found for left arm, right leg"]
    fk = posed_matrices(rig, [names["left_knee"], names["right_elbow"]], ALL_FRAMES)
    ik = posed_matrices(rig, lower, ALL_FRAMES)
    lengths = [rig.data.bones[name].length for name in lower]
    for number, length in enumerate(lengths):
        for place in ([0, 0, 0, 1], [0, length, 0, 1]):
            assert np.linalg.norm((fk[:, number] - ik[:, number]) @ place, axis=-1).max() < 0.005
    assert all(keyed(rig)[f'pose.bones["{target}"]["ik_fk_switch"]'] == [0.0] for target in limbs)
    assert len(keyed(rig)['pose.bones["Ctrl_Master"].location']) == FRAMES


def test_root_carries_the_travel(walker: bpy.types.Object) -> None:
    character = make_character(walker, MIXAMO, yaw=1.0, size=0.7)
    add_root(character, "Hips")
    character.pose.bones["Root"].location = (0.3, 0.2, 0.1)
    retarget(walker, character, MIXAMO)
    bones = [*MIXAMO.values(), "Root"]
    shift = np.array(character.pose.bones["Root"].matrix.translation)
    without = heads(character, bones)
    assert np.ptp(without[:, -1], axis=0).max() == 0 and np.linalg.norm(shift) > 0.1
    assert not retarget(walker, character, MIXAMO, options=BakeOptions(root_motion=True)).messages()
    with_root = heads(character, bones)
    np.testing.assert_allclose(with_root[:, :-1], without[:, :-1], atol=1e-4)
    root, hips = (
        with_root[:, -1],
        (with_root[:, bones.index("LeftUpLeg")] + with_root[:, bones.index("RightUpLeg")]) / 2,
    )
    assert np.ptp(root[:, 2]) < 1e-4
    np.testing.assert_allclose(root[:, :2], hips[:, :2], atol=0.02)


@given(st.floats(-0.05, 0.3), st.floats(-0.05, 0.3), st.floats(-0.05, 0.05))
def test_bends_do_not_jump(bend: float, other: float, sideways: float) -> None:
    """The direction changes in proportion to the place of the knee, and never to the wrong side."""

    def direction(ahead: float) -> np.ndarray:
        points = [np.array([point]) for point in ([0.0, 0, 1], [sideways, ahead, 0.5], [0.0, 0, 0])]
        return bend_directions(*points, np.array([[0.0, 1, 0]]))[0]

    assert direction(bend)[1] > -1e-9 and abs(np.linalg.norm(direction(bend)) - 1) < 1e-6
    assert np.linalg.norm(direction(bend) - direction(other)) < 250 * abs(bend - other) + 1e-9


def test_bent_limbs_bend_towards_the_middle_joint() -> None:
    points = [np.array([point]) for point in ([0.0, 0, 1], [0.1, 0.2, 0.5], [0.0, 0, 0])]
    expected = np.array([0.1, 0.2, 0]) / np.hypot(0.1, 0.2)
    np.testing.assert_allclose(bend_directions(*points, np.array([[0.0, 1, 0]]))[0], expected)


def test_poles_are_turned_by_what_the_bend_misses() -> None:
    heads = [np.array([point]) for point in ([0.0, 0, 1], [0.0, 0.2, 0.5], [0.0, 0, 0])]
    bent = np.array([[0.05, 0.2, 0.0]])
    better = turned(np.array([[0.0, 1, 0]]), bent, tuple(heads))[0]
    angle = np.arctan2(0.05, 0.2)
    np.testing.assert_allclose(better, [-np.sin(angle), np.cos(angle), 0], atol=1e-9)
    straight = turned(np.array([[0.0, 1, 0]]), 1e-9 * bent, tuple(heads))[0]
    np.testing.assert_allclose(straight, [0, 1, 0], atol=1e-6)
