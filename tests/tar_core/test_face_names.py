from tar_core.face_names import FACE_KEY_NAMES


def test_the_names_are_arkits() -> None:
    assert len(set(FACE_KEY_NAMES)) == 52
    assert {"browInnerUp", "eyeBlinkLeft", "jawOpen", "mouthSmileRight", "noseSneerLeft", "tongueOut"} < set(
        FACE_KEY_NAMES
    )
