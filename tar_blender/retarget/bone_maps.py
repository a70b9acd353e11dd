"""Find the bone of a character that corresponds to each joint of SMPL and SMPL-H.

A map is a dictionary from SMPL's joint names to bone names, without the joints for which a rig has no bone. The maps of
common rigs are known (known_rigs.py); for others, the map is guessed from the names of the bones.
"""

import re
from collections.abc import Mapping, Sequence

from .bone_guess import guess_bones, in_joint_order, plain_names, settle_spine
from .known_fingers import KNOWN_FINGERS
from .known_rigs import CONTROL_RIGS, KNOWN, BoneMap

_MIN_SHARE = 0.9  # of the bones of a known rig
_COPY = re.compile(r"\.\d{3}$")  # Blender's suffix of copies
_LIMB_JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")


def find_bones(
    bones: Sequence[str], saved: Mapping[str, BoneMap] | None = None, parents: Mapping[str, str] | None = None
) -> tuple[str, BoneMap]:
    """Find the map for the bones of an armature.

    Args:
        bones: names of the bones.
        saved: the user's own maps by name. A map whose bones all exist takes precedence.
        parents: bone -> its parent, which decides where names are ambiguous.

    Returns:
        The kind of rig ("Guessed" if it is unknown), and the map.
    """
    existing = set(bones)
    for kind, own in (saved or {}).items():
        if own and existing.issuperset(own.values()):
            return kind, dict(own)
    plain = plain_names(bones)
    spellings: tuple[dict[str, str], ...] = (
        {bone: bone for bone in bones},
        {plain[bone]: bone for bone in reversed(bones)},
        {_COPY.sub("", plain[bone]): bone for bone in reversed(bones)},
        {_folded(_COPY.sub("", plain[bone])): bone for bone in reversed(bones)},
    )
    for number, names in enumerate(spellings):
        folded = number == len(spellings) - 1
        fitting = []
        for kind, known in KNOWN.items():
            keys = {joint: _folded(bone) if folded else bone for joint, bone in known.items()}
            found = {joint: names[key] for joint, key in keys.items() if key in names}
            if "pelvis" in found and len(found) >= _MIN_SHARE * len(known):
                fitting.append((len(found) / len(known), kind, found))
        if fitting:
            _, kind, found = max(fitting, key=lambda each: each[0])
            fingers = KNOWN_FINGERS.get(kind, {}).items()
            keys = {joint: _folded(bone) if folded else bone for joint, bone in fingers}
            found = _settle_arms(found, parents or {})
            body = found if kind in CONTROL_RIGS else settle_spine(found, parents or {})
            return kind, body | {joint: names[key] for joint, key in keys.items() if key in names}
    return "Guessed", _settle_arms(guess_bones(bones, parents), parents or {})


def missing_limbs(bones: BoneMap) -> list[str]:
    """Return the joints of arms and legs that have no bone, such as `left elbow`."""
    joints = (f"{side}_{joint}" for side in ("left", "right") for joint in _LIMB_JOINTS)
    return [joint.replace("_", " ") for joint in joints if joint not in bones]


def _settle_arms(bones: BoneMap, parents: Mapping[str, str]) -> BoneMap:
    """Move the bones of an arm down by one joint if what is called a shoulder is the upper arm.

    An arm without a collar has one bone less between trunk and hand.
    """
    settled = dict(bones)
    for side in ("left", "right"):
        collar, shoulder, elbow = (f"{side}_{joint}" for joint in ("collar", "shoulder", "elbow"))
        if collar in bones and shoulder not in bones:
            settled[shoulder] = settled.pop(collar)
        elif collar in bones and elbow not in bones and parents.get(bones.get(f"{side}_wrist", "")) == bones[shoulder]:
            settled[elbow], settled[shoulder] = settled[shoulder], settled.pop(collar)
    return in_joint_order(settled)


def _folded(name: str) -> str:
    """Return a name in lower case with `_` for all separators: `Left leg` and `left_leg` are the same."""
    return re.sub(r"[ .\-]", "_", name.lower())
