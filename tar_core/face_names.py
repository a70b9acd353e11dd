"""The names of the face's shape keys: those of ARKit, which other software knows too."""

_SIDED = (
    *("browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp"),
    *("eyeSquint", "eyeWide", "mouthDimple", "mouthFrown", "mouthLowerDown", "mouthPress", "mouthSmile"),
    *("mouthStretch", "mouthUpperUp", "noseSneer"),
)
_OTHERS = (
    *("browInnerUp", "cheekPuff", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthFunnel"),
    *("mouthLeft", "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower"),
    *("mouthShrugUpper", "tongueOut"),
)
FACE_KEY_NAMES = tuple(sorted([*_OTHERS, *(name + side for name in _SIDED for side in ("Left", "Right"))]))
NUM_FACE_KEYS = len(FACE_KEY_NAMES)  # 52
