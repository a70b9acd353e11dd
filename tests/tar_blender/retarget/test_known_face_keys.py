"""Shape keys of faces are found by the names of each convention."""

import pytest

from tar_blender.retarget.known_face_keys import CONVENTIONS, find_face_keys, plain
from tar_core.face_names import FACE_KEY_NAMES

BLINKS = ("eyeBlinkLeft", "eyeBlinkRight")


def test_arkits_names_are_found_in_any_spelling() -> None:
    assert find_face_keys(["Basis", *FACE_KEY_NAMES]) == {name: (name,) for name in FACE_KEY_NAMES}
    spellings = ["EyeBlinkLeft", "eye_blink_R", "Jaw Open", "mouth-left", "browInnerUp.001"]
    assert find_face_keys(spellings) == {
        "EyeBlinkLeft": ("eyeBlinkLeft",),
        "eye_blink_R": ("eyeBlinkRight",),
        "Jaw Open": ("jawOpen",),
        "mouth-left": ("mouthLeft",),
    }


def test_character_creators_names() -> None:
    names = ["Eye_Blink_L", "Jaw_Open", "Mouth_Smile_R", "Brow_Drop_L", "Brow_Raise_Inner_L", "Brow_Raise_Inner_R"]
    assert find_face_keys(names) == {
        "Eye_Blink_L": ("eyeBlinkLeft",),
        "Jaw_Open": ("jawOpen",),
        "Mouth_Smile_R": ("mouthSmileRight",),
        "Brow_Drop_L": ("browDownLeft",),
        "Brow_Raise_Inner_L": ("browInnerUp",),
        "Brow_Raise_Inner_R": ("browInnerUp",),
    }
    assert find_face_keys(["A14_Eye_Blink_Left", "A25_Jaw_Open"]) == {
        "A14_Eye_Blink_Left": ("eyeBlinkLeft",),
        "A25_Jaw_Open": ("jawOpen",),
    }


@pytest.mark.parametrize(
    ("names", "blinks", "jaw"),
    [
        (["Fcl_EYE_Close_L", "Fcl_EYE_Close_R", "Fcl_MTH_A"], [("eyeBlinkLeft",), ("eyeBlinkRight",)], "Fcl_MTH_A"),
        (["vrc.blink_left", "vrc.blink_right", "vrc.blink", "vrc.v_aa"], [*((blink,) for blink in BLINKS)], "vrc.v_aa"),
        (["まばたき", "あ", "い"], [BLINKS], "あ"),
        (["まばたき", "ｳｨﾝｸ", "ウィンク右", "あ"], [("eyeBlinkLeft",), ("eyeBlinkRight",)], "あ"),
    ],
)
def test_other_conventions(names: list[str], blinks: list[tuple[str, ...]], jaw: str) -> None:
    """A shape key that closes both eyes is used only if there is none for each eye."""
    found = find_face_keys(names)
    assert [sources for sources in found.values() if "eyeBlink" in sources[0]] == blinks
    assert found[jaw] == ("jawOpen",) and len(found) == len(blinks) + 1


def test_a_face_follows_one_convention() -> None:
    assert find_face_keys(["jawOpen", "vrc.v_aa", "あ"]) == {"jawOpen": ("jawOpen",)}
    assert find_face_keys(["Basis", "Smile", "上半身"]) == {}


def test_tables_are_consistent() -> None:
    for convention in CONVENTIONS:
        for name, sources in convention.items():
            assert plain(name) == name and set(sources) <= set(FACE_KEY_NAMES)
