"""Pose MakeHuman's figures in SMPL's T-pose: body parts move rigidly and blend at their borders by skinning weights."""

import numpy as np

from scripts.assets.makehuman import VERTICES, MakeHuman, finger_bone
from tar_core.rotations import axis_angle_to_matrix, rotation_between
from tar_core.skeleton import ALL_JOINT_NAMES, FINGERS

# SMPL's published neutral rest joints (approximate, made symmetric; left side and center), meters.
SMPL_JOINTS = {
    "pelvis": (0, -0.223, 0.028),
    "hip": (0.0686, -0.3143, 0.0226),
    "spine1": (0, -0.1144, 0.0015),
    "knee": (0.1049, -0.6930, 0.0160),
    "spine2": (0, 0.0208, 0.0026),
    "ankle": (0.0902, -1.0915, -0.0271),
    "spine3": (0, 0.0737, 0.0280),
    "foot": (0.1161, -1.1434, 0.0943),
    "neck": (0, 0.2876, -0.0148),
    "collar": (0.0803, 0.1941, -0.0083),
    "head": (0, 0.3526, 0.0365),
    "shoulder": (0.1738, 0.2256, -0.0173),
    "elbow": (0.4305, 0.2125, -0.0418),
    "wrist": (0.6828, 0.2209, -0.0451),
    "hand": (0.7671, 0.2137, -0.0578),
}

# MakeHuman's figure leans 3 to 4 degrees further forward than SMPL's template.
_LEAN = np.deg2rad(-3.5)
# Rotation of the collarbones when the arms are raised.
_COLLARBONE_LIFT = np.deg2rad(10)
# SMPL's hip width as a fraction of MakeHuman's.
_HIP_WIDTH = 0.72
# Position of SMPL's hand joint between wrist (0) and knuckles (1).
_HAND = 0.85
# Shares of the palm's rotation in the halves of the forearm, near the elbow and near the wrist.
_FOREARM_TWIST = (0.33, 0.75)

_HORIZONTAL = np.array([1, 0, 1])
_FORWARD = np.array([0.0, 0.0, 1.0])


def smpl_joint(name: str) -> np.ndarray:
    """Position [3] of a joint in SMPL's rest pose, by its full name."""
    point = np.array(SMPL_JOINTS[name.split("_")[-1]], float)
    return point * [-1, 1, 1] if name.startswith("right_") else point


class TPose:
    """Poses MakeHuman's figures in SMPL's T-pose."""

    def __init__(self, makehuman: MakeHuman) -> None:
        self._makehuman = makehuman
        bones: dict[str, list[str]] = {}
        for s in "LR":
            bones |= {
                f"collarbone.{s}": [f"clavicle.{s}", f"shoulder01.{s}"],
                f"upper arm.{s}": [f"upperarm01.{s}", f"upperarm02.{s}"],
                f"forearm near elbow.{s}": [f"lowerarm01.{s}"],
                f"forearm near wrist.{s}": [f"lowerarm02.{s}"],
                f"hand.{s}": makehuman.descendants(f"wrist.{s}"),
                f"thigh.{s}": [f"upperleg01.{s}", f"upperleg02.{s}"],
                f"shin.{s}": [f"lowerleg01.{s}", f"lowerleg02.{s}"],
                f"foot.{s}": makehuman.descendants(f"foot.{s}"),
            }
        # Weights [19158] of each part; the rest is the trunk, which does not move.
        self._weights = {part: makehuman.weight_of(names).astype(np.float64) for part, names in bones.items()}
        self._trunk_weight = 1 - sum(self._weights.values(), np.zeros(VERTICES))

        neck = makehuman.descendants("neck01")
        chest = [name for name in makehuman.descendants("spine03") if name not in neck]
        self._neck_bones = [makehuman.bone(name) for name in neck]
        self._chest_bones = [makehuman.bone(name) for name in chest]
        self._neck_weight = makehuman.weight_of(neck)[:, None]
        # The vertebra below has half the weight, for a smooth back.
        self._chest_weight = (makehuman.weight_of(chest) + 0.5 * makehuman.weight_of(["spine04"]))[:, None]

    def __call__(self, vertices: np.ndarray, heads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pose figures in the T-pose, with the pelvis at its position in SMPL.

        Args:
            vertices: [B, 19158, 3] in the A-pose.
            heads: [B, 163, 3] heads of the bones.

        Returns:
            vertices [B, 19158, 3] and the joints [B, 54, 3] of SMPL and of its hands.
        """
        moves, joints = self._moves(self._lean_heads(heads))
        vertices = self._lean_vertices(vertices, heads)
        posed = self._trunk_weight[:, None] * vertices
        for part, move in moves.items():
            moved = np.nonzero(self._weights[part])[0]
            posed[:, moved] += self._weights[part][moved, None] * move(vertices[:, moved])
        placed = np.stack([joints[name] for name in ALL_JOINT_NAMES], 1)
        shift = smpl_joint("pelvis") - placed[:, :1]
        return posed + shift, placed + shift

    def rotations(self, heads: np.ndarray) -> np.ndarray:
        """Rotation [19158, 3, 3] of the surroundings of each vertex, the mean over people with `heads` [B, 163, 3]."""
        moves, _ = self._moves(self._lean_heads(heads))
        rotations = self._trunk_weight[:, None, None] * np.eye(3)
        for part, move in moves.items():
            rotations += self._weights[part][:, None, None] * move.rotation.mean(0)
        return rotations

    def _moves(self, heads: np.ndarray) -> tuple[dict[str, "Move"], dict[str, np.ndarray]]:
        """The motion of each part and SMPL's joints, from bone heads that are leaned back already."""
        bones = {name: heads[:, self._makehuman.bone(name)] for name in self._makehuman.bones}
        moves: dict[str, Move] = {}
        joints: dict[str, np.ndarray] = {}
        for side in ("left", "right"):
            _pose_leg(side, bones, moves, joints)
            _pose_arm(side, bones, moves, joints)
        _place_spine(bones, joints)
        return moves, joints

    def _lean(self, heads: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rotation [3, 3] of the chest, its center [B, 1, 3], and the resulting shift [B, 1, 3] of the neck."""
        lean = axis_angle_to_matrix(np.array([_LEAN, 0, 0]))
        center = heads[:, [self._makehuman.bone("spine04")]]
        neck = heads[:, [self._makehuman.bone("neck01")]]
        return lean, center, (neck - center) @ lean.T + center - neck

    def _lean_vertices(self, vertices: np.ndarray, heads: np.ndarray) -> np.ndarray:
        """Lean the chest back about the spine; neck and head move along without tilting."""
        lean, center, neck_shift = self._lean(heads)
        leaned = vertices * (1 - self._chest_weight - self._neck_weight)
        leaned = leaned + self._chest_weight * ((vertices - center) @ lean.T + center)
        return leaned + self._neck_weight * (vertices + neck_shift)

    def _lean_heads(self, heads: np.ndarray) -> np.ndarray:
        lean, center, neck_shift = self._lean(heads)
        leaned = heads.astype(np.float64)
        leaned[:, self._chest_bones] = (heads[:, self._chest_bones] - center) @ lean.T + center
        leaned[:, self._neck_bones] = heads[:, self._neck_bones] + neck_shift
        return leaned


class Move:
    """A rigid motion per person: rotates by `rotation` [B, 3, 3] and moves `pivot` [B, 3] to `target` [B, 3]."""

    def __init__(self, rotation: np.ndarray, pivot: np.ndarray, target: np.ndarray) -> None:
        self.rotation = rotation
        self.shift = target - rotate(rotation, pivot)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Move points [B, 3] or [B, P, 3]."""
        if points.ndim == 2:
            return rotate(self.rotation, points) + self.shift
        return points @ self.rotation.transpose(0, 2, 1) + self.shift[:, None]


def _pose_leg(side: str, bones: dict[str, np.ndarray], moves: dict[str, Move], joints: dict[str, np.ndarray]) -> None:
    s = side[0].upper()
    hip, knee, ankle = bones[f"upperleg01.{s}"], bones[f"lowerleg01.{s}"], bones[f"foot.{s}"]
    ball = np.mean([bones[f"toe{toe}-1.{s}"] for toe in range(1, 6)], 0)
    target = {name: smpl_joint(f"{side}_{name}") for name in ("hip", "knee", "ankle", "foot")}

    hip_joint = hip * [_HIP_WIDTH, 1, 1]
    thigh_length = np.linalg.norm(knee - hip, axis=-1, keepdims=True)
    knee_goal = hip_joint + unit(target["knee"] - target["hip"]) * thigh_length
    moves[f"thigh.{s}"] = Move(rotation_between(knee - hip, knee_goal - hip), hip, hip)
    new_knee = moves[f"thigh.{s}"](knee)
    moves[f"shin.{s}"] = Move(rotation_between(ankle - knee, target["ankle"] - target["knee"]), knee, new_knee)
    new_ankle = moves[f"shin.{s}"](ankle)
    # The foot rotates about the vertical axis only, so that the sole stays level.
    direction, goal = (ball - ankle) * _HORIZONTAL, (target["foot"] - target["ankle"]) * _HORIZONTAL
    moves[f"foot.{s}"] = Move(rotation_between(direction, goal), ankle, new_ankle)
    joints |= {
        f"{side}_hip": hip_joint,
        f"{side}_knee": new_knee,
        f"{side}_ankle": new_ankle,
        f"{side}_foot": moves[f"foot.{s}"](ball),
    }


def _pose_arm(side: str, bones: dict[str, np.ndarray], moves: dict[str, Move], joints: dict[str, np.ndarray]) -> None:
    s = side[0].upper()
    collarbone, shoulder = bones[f"clavicle.{s}"], bones[f"upperarm01.{s}"]
    elbow, forearm_middle, wrist = bones[f"lowerarm01.{s}"], bones[f"lowerarm02.{s}"], bones[f"wrist.{s}"]
    knuckles = [bones[f"finger{finger}-1.{s}"] for finger in (2, 3, 4, 5)]  # index to little finger
    knuckles_middle = np.mean(knuckles, 0)
    target = {name: smpl_joint(f"{side}_{name}") for name in ("shoulder", "elbow", "wrist", "hand")}
    batch = len(shoulder)

    lift = _COLLARBONE_LIFT if side == "left" else -_COLLARBONE_LIFT
    lifted = axis_angle_to_matrix(np.tile(lift * _FORWARD, (batch, 1)))
    moves[f"collarbone.{s}"] = Move(lifted, collarbone, collarbone)
    new_shoulder = moves[f"collarbone.{s}"](shoulder)
    upper_arm = rotation_between(elbow - shoulder, target["elbow"] - target["shoulder"])
    moves[f"upper arm.{s}"] = Move(upper_arm, shoulder, new_shoulder)
    new_elbow = moves[f"upper arm.{s}"](elbow)

    forearm_goal = unit(target["wrist"] - target["elbow"])
    forearm = rotation_between(wrist - elbow, forearm_goal)
    hand_goal = unit(target["hand"] - target["wrist"])
    hand = rotation_between(rotate(forearm, knuckles_middle - wrist), hand_goal) @ forearm
    # The palm faces down: the line of knuckles from little finger to index points forward. The forearm twists with it.
    line = rotate(hand, knuckles[0] - knuckles[3])
    line = line - (line @ hand_goal)[:, None] * hand_goal
    forward = unit(_FORWARD - (_FORWARD @ hand_goal) * hand_goal)
    twist = np.arctan2(np.cross(line, forward) @ hand_goal, line @ forward)

    def twisted(axis: np.ndarray, share: float) -> np.ndarray:
        return axis_angle_to_matrix(share * twist[:, None] * axis)

    near_elbow, near_wrist = _FOREARM_TWIST
    moves[f"forearm near elbow.{s}"] = Move(twisted(forearm_goal, near_elbow) @ forearm, elbow, new_elbow)
    new_middle = moves[f"forearm near elbow.{s}"](forearm_middle)
    moves[f"forearm near wrist.{s}"] = Move(twisted(forearm_goal, near_wrist) @ forearm, forearm_middle, new_middle)
    new_wrist = moves[f"forearm near wrist.{s}"](wrist)
    moves[f"hand.{s}"] = Move(twisted(hand_goal, 1.0) @ hand, wrist, new_wrist)
    joints |= {
        f"{side}_collar": 0.5 * collarbone + 0.5 * moves[f"collarbone.{s}"](bones[f"shoulder01.{s}"]),
        f"{side}_shoulder": new_shoulder,
        f"{side}_elbow": new_elbow,
        f"{side}_wrist": new_wrist,
        f"{side}_hand": new_wrist + _HAND * (moves[f"hand.{s}"](knuckles_middle) - new_wrist),
    }
    for finger in FINGERS:
        for number in (1, 2, 3):
            bone = finger_bone(finger, number, s)
            joints[f"{side}_{finger}{number}"] = moves[f"hand.{s}"](bones[bone])


def _place_spine(bones: dict[str, np.ndarray], joints: dict[str, np.ndarray]) -> None:
    """Place pelvis, spine, neck, head and collars as in SMPL, scaled by the length of the trunk (hips to neck)."""
    hips, neck = 0.5 * (joints["left_hip"] + joints["right_hip"]), bones["neck01"]
    smpl_hips = smpl_joint("left_hip") * [0, 1, 1]
    smpl_trunk = smpl_joint("neck") - smpl_hips
    smpl_length = np.linalg.norm(smpl_trunk)
    scale = np.linalg.norm(neck - hips, axis=-1, keepdims=True) / smpl_length
    for name in ("pelvis", "spine1", "spine2", "spine3"):
        from_hips = smpl_joint(name) - smpl_hips
        along = (from_hips @ smpl_trunk) / smpl_length**2
        joints[name] = hips + along * (neck - hips) + (from_hips - along * smpl_trunk) * scale
    # Compared with SMPL's joints, MakeHuman's neck bone begins further forward, its head bone higher, and its
    # collarbones higher and further forward.
    joints["neck"] = neck + np.array([0, 0, -0.012]) * scale
    joints["head"] = joints["neck"] + 0.62 * (bones["head"] - neck) + np.array([0, 0, 0.02]) * scale
    for side in ("left", "right"):
        joints[f"{side}_collar"] = joints[f"{side}_collar"] + np.array([0, -0.03, -0.02]) * scale


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def rotate(rotations: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Rotate vectors [B, 3] by rotations [B, 3, 3]."""
    return np.einsum("bij,bj->bi", rotations, vectors)
