"""Bone maps of common rigs: the bone that corresponds to each SMPL joint."""

from collections.abc import Mapping

from tar_core.skeleton import JOINT_NAMES

BoneMap = dict[str, str]

RIGIFY = "Rigify"
AUTO_RIG_PRO = "Auto-Rig Pro"
MIXAMO_CONTROLS = "Mixamo Control Rig"
CONTROL_RIGS = (RIGIFY, AUTO_RIG_PRO, MIXAMO_CONTROLS)  # their bones are controls, which the rig's constraints connect
ROOT_CONTROLS = {RIGIFY: "root", AUTO_RIG_PRO: "c_traj", MIXAMO_CONTROLS: "Ctrl_Master"}  # carry the whole character
SMPL = "SMPL"  # also SMPL-H and SMPL-X, whose add-ons use the same names


def _sided(trunk: Mapping[str, str], limbs: Mapping[str, str], left: str, right: str) -> BoneMap:
    """Return the map of a rig; `{}` in the name of a limb's bone is replaced by the side."""
    sides = {"left": left, "right": right}
    return dict(trunk) | {
        f"{side}_{joint}": bone.format(sign) for side, sign in sides.items() for joint, bone in limbs.items()
    }


_MIXAMO = _sided(
    {"pelvis": "Hips", "spine1": "Spine", "spine2": "Spine1", "spine3": "Spine2", "neck": "Neck", "head": "Head"},
    {
        "collar": "{}Shoulder",
        "shoulder": "{}Arm",
        "elbow": "{}ForeArm",
        "wrist": "{}Hand",
        "hip": "{}UpLeg",
        "knee": "{}Leg",
        "ankle": "{}Foot",
        "foot": "{}ToeBase",
    },
    "Left",
    "Right",
)

# The center carries both halves of the body, which are siblings.
_MMD_TRUNK = {"pelvis": "センター", "spine1": "上半身", "spine3": "上半身2", "neck": "首", "head": "頭"}
_MMD_LIMBS = {
    "collar": "{}肩",
    "shoulder": "{}腕",
    "elbow": "{}ひじ",
    "wrist": "{}手首",
    "hip": "{}足",
    "knee": "{}ひざ",
    "ankle": "{}足首",
}

# By the kind of rig. Of several that fit equally well, the first is used.
KNOWN: dict[str, BoneMap] = {
    SMPL: {name: name for name in JOINT_NAMES},
    RIGIFY: _sided(
        {"pelvis": "torso", "spine2": "spine_fk.002", "spine3": "spine_fk.003", "neck": "neck", "head": "head"},
        {
            "collar": "shoulder.{}",
            "shoulder": "upper_arm_fk.{}",
            "elbow": "forearm_fk.{}",
            "wrist": "hand_fk.{}",
            "hip": "thigh_fk.{}",
            "knee": "shin_fk.{}",
            "ankle": "foot_fk.{}",
            "foot": "toe_fk.{}",
        },
        "L",
        "R",
    ),
    MIXAMO_CONTROLS: _sided(
        {
            "pelvis": "Ctrl_Hips",
            "spine1": "Ctrl_Spine",
            "spine2": "Ctrl_Spine1",
            "spine3": "Ctrl_Spine2",
            "neck": "Ctrl_Neck",
            "head": "Ctrl_Head",
        },
        {
            "collar": "Ctrl_Shoulder_{}",
            "shoulder": "Ctrl_Arm_FK_{}",
            "elbow": "Ctrl_ForeArm_FK_{}",
            "wrist": "Ctrl_Hand_FK_{}",
            "hip": "Ctrl_UpLeg_FK_{}",
            "knee": "Ctrl_Leg_FK_{}",
            "ankle": "Ctrl_Foot_FK_{}",
            "foot": "Ctrl_Toe_FK_{}",
        },
        "Left",
        "Right",
    ),
    "Rigify Meta-Rig": _sided(
        {
            "pelvis": "spine",
            "spine1": "spine.001",
            "spine2": "spine.002",
            "spine3": "spine.003",
            "neck": "spine.004",
            "head": "spine.006",
        },
        {
            "collar": "shoulder.{}",
            "shoulder": "upper_arm.{}",
            "elbow": "forearm.{}",
            "wrist": "hand.{}",
            "hip": "thigh.{}",
            "knee": "shin.{}",
            "ankle": "foot.{}",
            "foot": "toe.{}",
        },
        "L",
        "R",
    ),
    "Mixamo": _MIXAMO,
    "Unreal Mannequin": _sided(
        {
            "pelvis": "pelvis",
            "spine1": "spine_01",
            "spine2": "spine_02",
            "spine3": "spine_03",
            "neck": "neck_01",
            "head": "head",
        },
        {
            "collar": "clavicle_{}",
            "shoulder": "upperarm_{}",
            "elbow": "lowerarm_{}",
            "wrist": "hand_{}",
            "hip": "thigh_{}",
            "knee": "calf_{}",
            "ankle": "foot_{}",
            "foot": "ball_{}",
        },
        "l",
        "r",
    ),
    "VRM (VRoid)": _sided(
        {
            "pelvis": "J_Bip_C_Hips",
            "spine1": "J_Bip_C_Spine",
            "spine2": "J_Bip_C_Chest",
            "spine3": "J_Bip_C_UpperChest",
            "neck": "J_Bip_C_Neck",
            "head": "J_Bip_C_Head",
        },
        {
            "collar": "J_Bip_{}_Shoulder",
            "shoulder": "J_Bip_{}_UpperArm",
            "elbow": "J_Bip_{}_LowerArm",
            "wrist": "J_Bip_{}_Hand",
            "hip": "J_Bip_{}_UpperLeg",
            "knee": "J_Bip_{}_LowerLeg",
            "ankle": "J_Bip_{}_Foot",
            "foot": "J_Bip_{}_ToeBase",
        },
        "L",
        "R",
    ),
    "Unity Humanoid": _sided(
        {
            "pelvis": "Hips",
            "spine1": "Spine",
            "spine2": "Chest",
            "spine3": "UpperChest",
            "neck": "Neck",
            "head": "Head",
        },
        {
            "collar": "{}Shoulder",
            "shoulder": "{}UpperArm",
            "elbow": "{}LowerArm",
            "wrist": "{}Hand",
            "hip": "{}UpperLeg",
            "knee": "{}LowerLeg",
            "ankle": "{}Foot",
            "foot": "{}Toes",
        },
        "Left",
        "Right",
    ),
    AUTO_RIG_PRO: _sided(
        {
            "pelvis": "c_root_master.x",
            "spine1": "c_spine_01.x",
            "spine2": "c_spine_02.x",
            "neck": "c_neck.x",
            "head": "c_head.x",
        },
        {
            "collar": "c_shoulder.{}",
            "shoulder": "c_arm_fk.{}",
            "elbow": "c_forearm_fk.{}",
            "wrist": "c_hand_fk.{}",
            "hip": "c_thigh_fk.{}",
            "knee": "c_leg_fk.{}",
            "ankle": "c_foot_fk.{}",
            "foot": "c_toes_fk.{}",
        },
        "l",
        "r",
    ),
    "Auto-Rig Pro (exported)": _sided(
        {
            "pelvis": "root.x",
            "spine1": "spine_01.x",
            "spine2": "spine_02.x",
            "spine3": "spine_03.x",
            "neck": "neck.x",
            "head": "head.x",
        },
        {
            "collar": "shoulder.{}",
            "shoulder": "arm_stretch.{}",
            "elbow": "forearm_stretch.{}",
            "wrist": "hand.{}",
            "hip": "thigh_stretch.{}",
            "knee": "leg_stretch.{}",
            "ankle": "foot.{}",
            "foot": "toes_01.{}",
        },
        "l",
        "r",
    ),
    "CMU": _MIXAMO | {"spine1": "LowerBack", "spine2": "Spine", "spine3": "Spine1"},
    # The names of the files of CMU's database (.asf), from which the BVH files above were converted.
    "CMU (ASF)": _sided(
        {
            "pelvis": "root",
            "spine1": "lowerback",
            "spine2": "upperback",
            "spine3": "thorax",
            "neck": "lowerneck",
            "head": "head",
        },
        {
            "collar": "{}clavicle",
            "shoulder": "{}humerus",
            "elbow": "{}radius",
            "wrist": "{}wrist",
            "hip": "{}femur",
            "knee": "{}tibia",
            "ankle": "{}foot",
            "foot": "{}toes",
        },
        "l",
        "r",
    ),
    "VRChat": _sided(
        {"pelvis": "Hips", "spine1": "Spine", "spine3": "Chest", "neck": "Neck", "head": "Head"},
        {
            "collar": "{} shoulder",
            "shoulder": "{} arm",
            "elbow": "{} elbow",
            "wrist": "{} wrist",
            "hip": "{} leg",
            "knee": "{} knee",
            "ankle": "{} ankle",
            "foot": "{} toe",
        },
        "Left",
        "Right",
    ),
    "MMD": _sided(_MMD_TRUNK, _MMD_LIMBS, "左", "右"),
    "MMD (mmd_tools)": _sided(
        _MMD_TRUNK, {joint: bone.replace("{}", "") + ".{}" for joint, bone in _MMD_LIMBS.items()}, "L", "R"
    ),
    "Daz Genesis 1 and 2": _sided(
        {
            "pelvis": "hip",
            "spine1": "abdomen",
            "spine2": "abdomen2",
            "spine3": "chest",
            "neck": "neck",
            "head": "head",
        },
        {
            "collar": "{}Collar",
            "shoulder": "{}Shldr",
            "elbow": "{}ForeArm",
            "wrist": "{}Hand",
            "hip": "{}Thigh",
            "knee": "{}Shin",
            "ankle": "{}Foot",
            "foot": "{}Toe",
        },
        "l",
        "r",
    ),
    "Daz Genesis 3 and 8": _sided(
        {
            "pelvis": "hip",
            "spine1": "abdomenLower",
            "spine2": "abdomenUpper",
            "spine3": "chestUpper",
            "neck": "neckLower",
            "head": "head",
        },
        {
            "collar": "{}Collar",
            "shoulder": "{}ShldrBend",
            "elbow": "{}ForearmBend",
            "wrist": "{}Hand",
            "hip": "{}ThighBend",
            "knee": "{}Shin",
            "ankle": "{}Foot",
            "foot": "{}Toe",
        },
        "l",
        "r",
    ),
    "Daz Genesis 9": _sided(
        {"pelvis": "hip", "spine1": "spine1", "spine2": "spine2", "spine3": "spine4", "neck": "neck1", "head": "head"},
        {
            "collar": "{}_shoulder",
            "shoulder": "{}_upperarm",
            "elbow": "{}_forearm",
            "wrist": "{}_hand",
            "hip": "{}_thigh",
            "knee": "{}_shin",
            "ankle": "{}_foot",
            "foot": "{}_toes",
        },
        "l",
        "r",
    ),
    "Character Creator": _sided(
        {
            "pelvis": "CC_Base_Hip",
            "spine1": "CC_Base_Waist",
            "spine2": "CC_Base_Spine01",
            "spine3": "CC_Base_Spine02",
            "neck": "CC_Base_NeckTwist01",
            "head": "CC_Base_Head",
        },
        {
            "collar": "CC_Base_{}_Clavicle",
            "shoulder": "CC_Base_{}_Upperarm",
            "elbow": "CC_Base_{}_Forearm",
            "wrist": "CC_Base_{}_Hand",
            "hip": "CC_Base_{}_Thigh",
            "knee": "CC_Base_{}_Calf",
            "ankle": "CC_Base_{}_Foot",
            "foot": "CC_Base_{}_ToeBase",
        },
        "L",
        "R",
    ),
    "MakeHuman": _sided(
        {
            "pelvis": "root",
            "spine1": "spine05",
            "spine2": "spine03",
            "spine3": "spine01",
            "neck": "neck01",
            "head": "head",
        },
        {
            "collar": "clavicle.{}",
            "shoulder": "upperarm01.{}",
            "elbow": "lowerarm01.{}",
            "wrist": "wrist.{}",
            "hip": "upperleg01.{}",
            "knee": "lowerleg01.{}",
            "ankle": "foot.{}",
        },
        "L",
        "R",
    ),
}
