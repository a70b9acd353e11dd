"""Names of the shape keys of characters' faces.

ARKit's names, in any spelling, and Character Creator's are one convention, since characters mix them. A character that
has none of them may have the names of VRoid, VRChat or MMD.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from tar_core.face_names import FACE_KEY_NAMES

Sources = tuple[str, ...]  # names of captured shape keys, whose mean a character's shape key gets

_SIDES = {"Left": "l", "Right": "r"}
_PREFIX = re.compile(r"^[at]\d\d(?=\D)")  # numbers of Character Creator's older profile: A25_Jaw_Open


def _sided(names: Mapping[str, str]) -> dict[str, Sources]:
    """Names of the left and right shape keys of stems of ARKit's names."""
    return {name + short: (f"{stem}{side}",) for name, stem in names.items() for side, short in _SIDES.items()}


def _both(stem: str) -> Sources:
    return tuple(stem + side for side in _SIDES)


def _arkit() -> dict[str, Sources]:
    names: dict[str, Sources] = {}
    for key in FACE_KEY_NAMES:
        names[plain(key)] = (key,)
        for side, short in _SIDES.items():
            if key.endswith(side):
                names[plain(key.removesuffix(side)) + short] = (key,)
    return names


def plain(name: str) -> str:
    """A name without case, separators, and differences between full-width and half-width letters."""
    return _PREFIX.sub("", re.sub(r"[\s._\-]", "", unicodedata.normalize("NFKC", name).casefold()))


_CHARACTER_CREATOR = {
    **_sided({"browdrop": "browDown", "browraiseouter": "browOuterUp"}),
    **_sided({"mouthupupper": "mouthUpperUp", "mouthdownlower": "mouthLowerDown"}),
    **{f"browraiseinner{short}": ("browInnerUp",) for short in _SIDES.values()},
    **{f"cheekpuff{short}": ("cheekPuff",) for short in _SIDES.values()},
    "mouthrollinupper": ("mouthRollUpper",),
    "mouthrollinlower": ("mouthRollLower",),
}
_VROID = {
    **_sided({"fcleyeclose": "eyeBlink"}),
    "fclmtha": ("jawOpen",),
    "fclmthfun": _both("mouthSmile"),
    "fclbrwsurprised": ("browInnerUp",),
    "fclbrwangry": _both("browDown"),
}
_VRCHAT = {
    "vrcblinkleft": ("eyeBlinkLeft",),
    "vrcblinkright": ("eyeBlinkRight",),
    "vrcblink": _both("eyeBlink"),
    "vrcvaa": ("jawOpen",),
}
_MMD = {
    "ウィンク": ("eyeBlinkLeft",),
    "ウィンク右": ("eyeBlinkRight",),
    "まばたき": _both("eyeBlink"),
    "あ": ("jawOpen",),
    "口角上げ": _both("mouthSmile"),
    "上": ("browInnerUp",),
    "下": _both("browDown"),
}
CONVENTIONS: tuple[dict[str, Sources], ...] = (_arkit() | _CHARACTER_CREATOR, _VROID, _VRCHAT, _MMD)


def find_face_keys(names: Iterable[str]) -> dict[str, Sources]:
    """Find the shape keys of a face by their names.

    Args:
        names: of the shape keys of a mesh.

    Returns:
        For each shape key of the first convention that the mesh follows, the captured shape keys that move it. A shape
        key for both sides is left out if there is one for each side.
    """
    own = {plain(name): name for name in names}
    for convention in CONVENTIONS:
        found: dict[str, Sources] = {}
        for name, sources in convention.items():
            if name in own and not (len(sources) > 1 and {(each,) for each in sources} <= set(found.values())):
                found[own[name]] = sources
        if found:
            return found
    return {}
