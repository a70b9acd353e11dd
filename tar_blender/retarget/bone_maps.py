"""Find the bone of a character that corresponds to each joint of SMPL and SMPL-H.

A map is a dictionary from SMPL's joint names to bone names, without the joints for which a rig has no bone. The maps of
common rigs are known (known_rigs.py); for others, the map is guessed from the names of the bones.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from tar_core.skeleton import JOINT_NAMES

from .known_fingers import KNOWN_FINGERS
from .known_rigs import KNOWN, BoneMap

_MIN_SHARE = 0.9  # of the bones of a known rig
_COMMON = 0.8  # share of the bones that have a prefix in common

# Names of bones in other rigs, without side, case and punctuation.
_SYNONYMS = {
    "pelvis": ("hips", "hip", "pelvis", "root", "cog", "center"),
    "spine1": ("spine", "spine1", "spine01", "abdomen", "waist", "lowerback", "torso", "upperbody"),
    "spine2": ("spine1", "spine2", "spine02", "chest", "abdomen2"),
    "spine3": ("spine2", "spine3", "spine03", "upperchest", "chest", "thorax", "upperbody2"),
    "neck": ("neck", "neck1", "neck01"),
    "head": ("head",),
    "collar": ("collar", "clavicle", "shoulder", "collarbone"),
    "shoulder": ("upperarm", "arm", "uparm", "shoulder", "humerus"),
    "elbow": ("forearm", "lowerarm", "elbow", "radius"),
    "wrist": ("hand", "wrist"),
    "hip": ("thigh", "upleg", "upperleg", "hip", "femur", "leg"),
    "knee": ("shin", "calf", "leg", "lowerleg", "knee", "tibia"),
    "ankle": ("foot", "ankle"),
    "foot": ("toe", "toes", "toebase", "toe0", "ball"),
}
_NAMESPACE = re.compile(r"^.*[:|]")  # mixamorig:Hips, Armature|Hips
_PREFIX = re.compile(r"^(mixamorig\d*[:_]?|def[-_]|bip\d*[ _]|valvebiped[._]|b_|bn_)+(?=.)", re.IGNORECASE)
_COPY = re.compile(r"\.\d{3}$")  # Blender's suffix of copies
_LIMB_JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
_SIDES = {
    "left": re.compile(r"(?i:^left|left$|^l[._ -]|[._ -]l$|[._ -]l[._ -])|^[lL](?=[A-Z])"),
    "right": re.compile(r"(?i:^right|right$|^r[._ -]|[._ -]r$|[._ -]r[._ -])|^[rR](?=[A-Z])"),
}


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
            return kind, _settle_arms(found, parents or {}) | {
                joint: names[key] for joint, key in keys.items() if key in names
            }
    return "Guessed", _settle_arms(guess_bones(bones), parents or {})


def missing_limbs(bones: BoneMap) -> list[str]:
    """Return the joints of arms and legs that have no bone, such as `left elbow`."""
    joints = (f"{side}_{joint}" for side in ("left", "right") for joint in _LIMB_JOINTS)
    return [joint.replace("_", " ") for joint in joints if joint not in bones]


def plain_names(bones: Sequence[str]) -> dict[str, str]:
    """Return the bones' names without namespaces, known prefixes, and a prefix that nearly all have in common."""
    plain = {bone: _PREFIX.sub("", _NAMESPACE.sub("", bone)) for bone in bones}
    prefixes = Counter(
        name[: match.end()] for name in plain.values() for match in re.finditer(r"[_\-. ]", name) if name[match.end() :]
    )
    common = max((prefix for prefix, count in prefixes.items() if count >= _COMMON * len(bones)), key=len, default="")
    return {bone: name.removeprefix(common) for bone, name in plain.items()}


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
    return {joint: settled[joint] for joint in JOINT_NAMES if joint in settled}


def guess_bones(bones: Sequence[str]) -> BoneMap:
    """Guess a map from the names of the bones; each bone is used at most once."""
    plain = plain_names(bones)
    named = [(bone, *_side_and_part(plain[bone])) for bone in bones]
    found: BoneMap = {}
    for joint in JOINT_NAMES:
        side, _, part = joint.rpartition("_")
        for synonym in _SYNONYMS.get(part, ()):
            match = next((b for b, s, p in named if s == side and p == synonym and b not in found.values()), None)
            if match is not None:
                found[joint] = match
                break
    return found


def _side_and_part(name: str) -> tuple[str, str]:
    """Split a plain name, e.g. `Upper_Arm.L` into `("left", "upperarm")`; the side is empty if the name has none."""
    for side, pattern in _SIDES.items():
        if match := pattern.search(name):
            return side, _letters(f"{name[: match.start()]} {name[match.end() :]}")
    return "", _letters(name)


def _letters(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def _folded(name: str) -> str:
    """Return a name in lower case with `_` for all separators: `Left leg` and `left_leg` are the same."""
    return re.sub(r"[ .\-]", "_", name.lower())
