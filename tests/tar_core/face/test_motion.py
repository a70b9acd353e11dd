"""The face over time."""

import numpy as np

from tar_core.face.motion import face_motion, face_values
from tar_core.face.shape import CAPTURED_KEYS, load_face_map
from tar_core.face.tracker import SeenFace
from tar_core.face_names import FACE_KEY_NAMES

FPS = 30.0
JAW, BLINK = CAPTURED_KEYS.index("jawOpen"), FACE_KEY_NAMES.index("eyeBlinkLeft")


def look(frame: int, presence: float = 0.95, **keys: float) -> SeenFace:
    """A look at a person whose neutral face has raw values other than zero."""
    raw = 0.1 * np.arange(len(CAPTURED_KEYS)) - load_face_map().bias
    for name, value in keys.items():
        raw[CAPTURED_KEYS.index(name)] += value
    return SeenFace(frame, raw.astype(np.float32), presence, np.eye(3))


def test_the_median_is_the_neutral_face() -> None:
    looks = [look(frame, jawOpen=0.8 if frame in (4, 5) else 0.0) for frame in range(11)]
    values = face_values(np.array([seen.raw_values for seen in looks]))
    shift = load_face_map().bias
    np.testing.assert_allclose(values[0], np.clip(shift, 0, 1), atol=1e-5)
    np.testing.assert_allclose(values[4, JAW], np.clip(0.8 + shift[JAW], 0, 1), atol=1e-5)


def test_faces_that_are_not_seen_are_neutral() -> None:
    motion = face_motion([], np.arange(20), FPS)
    assert not motion.values.any() and not motion.confidence.any()


def test_a_short_blink_is_kept_and_the_jaw_is_smoothed() -> None:
    random = np.random.default_rng(0)
    noise = 0.1 * random.normal(size=60)
    blinks = (30, 31, 32)
    looks = [look(k, eyeBlinkLeft=float(k in blinks), jawOpen=0.5 * (k > 32) + noise[k]) for k in range(60)]
    motion = face_motion(looks, np.arange(60), FPS)
    blink, jaw = (motion.values[:, FACE_KEY_NAMES.index(name)] for name in ("eyeBlinkLeft", "jawOpen"))
    assert blink[31] > 0.8 and blink[28] < 0.1
    raw = face_values(np.array([seen.raw_values for seen in looks]))[:, JAW]
    assert np.abs(np.diff(jaw[35:])).mean() < 0.5 * np.abs(np.diff(raw[35:])).mean()


def test_a_face_fades_and_gaps_are_bridged_if_they_are_short() -> None:
    frames = [*range(10, 20), *range(25, 35), *range(70, 80)]
    looks = [look(frame, jawOpen=0.9 if 25 <= frame < 35 else 0.0) for frame in frames]
    motion = face_motion(looks, np.arange(5, 100), FPS)
    seen = motion.confidence
    assert (seen[5:30] > 0.9).all(), "frames 20 to 24 are between two looks"
    assert seen[45] == 0 and not motion.values[45].any(), "frame 50"
    after = motion.values[29:45, FACE_KEY_NAMES.index("jawOpen")]
    assert after[0] > 0.7 and (np.diff(after) <= 1e-6).all() and np.abs(np.diff(after)).max() < 0.4


def test_looks_outside_the_motion_are_left_out() -> None:
    motion = face_motion([look(2), look(3, jawOpen=1.0)], np.arange(4, 10), FPS)
    assert not motion.confidence.any()
