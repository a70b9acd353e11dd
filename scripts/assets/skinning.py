"""Skinning weights of SMPL's joints, from the weights of MakeHuman's bones."""

import numpy as np

from scripts.assets.makehuman import VERTICES, MakeHuman, finger_bone
from tar_core.skeleton import FINGERS, JOINT_NAMES, NUM_JOINTS

MAX_INFLUENCES = 4  # joints that move a vertex
PELVIS, NECK = (JOINT_NAMES.index(name) for name in ("pelvis", "neck"))
SPINE = tuple(JOINT_NAMES.index(name) for name in ("spine1", "spine2", "spine3"))


def skinning_weights(makehuman: MakeHuman, mean: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Compute the weights [19158, 24] of SMPL's joints from the weights of MakeHuman's 163 bones.

    The bones of the trunk do not match SMPL's joints: pelvis and spine share the trunk by height, with smooth
    transitions at the joints.

    Args:
        mean: [19158, 3] the mean person in the T-pose, meters.
        joints: [54, 3] the mean person's joints.
    """
    weights, trunk = np.zeros((VERTICES, NUM_JOINTS)), np.zeros(VERTICES)
    for bone in makehuman.bones:
        of_bone = makehuman.weights[:, makehuman.bone(bone)].astype(np.float64)
        shares = joints_of_bone(bone)
        if not shares:
            trunk += of_bone
        for joint, share in shares.items():
            weights[:, JOINT_NAMES.index(joint)] += share * of_bone

    trunk_length = joints[NECK, 1] - 0.5 * (joints[1, 1] + joints[2, 1])
    below = trunk
    previous = PELVIS
    for vertebra, lift, width in zip(SPINE, (0, 0, 0.01), (0.22, 0.18, 0.16), strict=True):
        above = below * smooth_step((mean[:, 1] - joints[vertebra, 1] - lift) / (width * trunk_length))
        weights[:, previous] += below - above
        below, previous = above, vertebra
    weights[:, previous] += below

    weakest = np.argsort(-weights, 1)[:, MAX_INFLUENCES:]
    np.put_along_axis(weights, weakest, 0, 1)
    return weights / weights.sum(1, keepdims=True)


def hand_weights(makehuman: MakeHuman, weights: np.ndarray) -> np.ndarray:
    """Compute the weights [19158, 32] of both wrists and of the 30 joints of the fingers, in SMPL-H's order.

    They divide what the weights [19158, 24] of SMPL's joints give to wrist and hand. The whole thumb, which SMPL's
    joints share, belongs to the joints of the thumb.
    """
    wrists, fingers = [], []
    for side in ("left", "right"):
        letter = side[0].upper()
        bones = [[f"wrist.{letter}", *(f"metacarpal{number}.{letter}" for number in (1, 2, 3, 4))]]
        bones += [[finger_bone(finger, number, letter)] for finger in FINGERS for number in (1, 2, 3)]
        of_hand = np.stack([makehuman.weight_of(names).astype(np.float64) for names in bones], 1)
        own = [JOINT_NAMES.index(f"{side}_{joint}") for joint in ("wrist", "hand")]
        others = (np.delete(weights, own, 1) > 0).sum(1, keepdims=True)
        rank = np.argsort(np.argsort(-of_hand, 1), 1)
        of_hand[rank >= MAX_INFLUENCES - others] = 0
        shares = of_hand / np.maximum(of_hand.sum(1, keepdims=True), 1e-12)
        of_hand = shares * weights[:, own].sum(1, keepdims=True)
        wrists.append(of_hand[:, :1])
        fingers.append(of_hand[:, 1:])
    return np.concatenate(wrists + fingers, 1)


def joints_of_bone(bone: str) -> dict[str, float]:
    """Shares of SMPL's joints in the weight of one of MakeHuman's bones; empty for the bones of the trunk."""
    name, _, letter = bone.partition(".")
    side = {"L": "left_", "R": "right_"}.get(letter, "")
    if name in ("root", "pelvis", "breast") or name.startswith("spine"):
        return {}
    exact = {
        "foot": {"ankle": 1.0},
        "clavicle": {"collar": 1.0},
        "shoulder01": {"collar": 1.0},
        "wrist": {"wrist": 1.0},
        "finger1-1": {"wrist": 0.5, "hand": 0.5},
        "neck01": {"neck": 1.0},
        "neck02": {"neck": 1.0},
        "neck03": {"neck": 0.5, "head": 0.5},
    }
    if name in exact:
        return {side + joint: share for joint, share in exact[name].items()}
    beginnings = {
        "upperleg": "hip",
        "lowerleg": "knee",
        "toe": "foot",
        "upperarm": "shoulder",
        "lowerarm": "elbow",
        "metacarpal": "wrist",
        "finger": "hand",
    }
    for beginning, joint in beginnings.items():
        if name.startswith(beginning):
            return {side + joint: 1.0}
    return {"head": 1.0}  # the bones of the face


def smooth_step(height: np.ndarray) -> np.ndarray:
    """Smooth step from 0 below -1/2 to 1 above 1/2."""
    share = np.clip(height + 0.5, 0, 1)
    return share * share * (3 - 2 * share)
