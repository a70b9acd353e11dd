import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.body.face_keys import load_face_keys
from tar_core.errors import TarError
from tar_core.face_names import FACE_KEY_NAMES

BODY = load_body()


def moved(name: str) -> np.ndarray:
    values = np.eye(len(FACE_KEY_NAMES))[FACE_KEY_NAMES.index(name)]
    return load_face_keys().moved(values, len(BODY.v_template))


def test_only_the_head_moves() -> None:
    total = load_face_keys().moved(np.ones(len(FACE_KEY_NAMES)), len(BODY.v_template))
    joints = BODY.J_regressor @ BODY.v_template
    moves = np.linalg.norm(total, axis=1) > 1e-3
    assert BODY.v_template[moves, 1].min() > joints[BODY.joint_names.index("neck"), 1] - 0.05  # the throat moves too


@pytest.mark.parametrize("name", ["eyeBlink", "mouthSmile", "browDown"])
def test_left_is_the_persons_left_and_right_its_mirror_image(name: str) -> None:
    left, right = moved(f"{name}Left"), moved(f"{name}Right")
    weight = np.linalg.norm(left, axis=1)
    assert (weight @ BODY.v_template[:, 0]) / weight.sum() > 0.01
    np.testing.assert_allclose(np.abs(left).sum(0), np.abs(right).sum(0), rtol=0.02)


def test_directions() -> None:
    lid = moved("eyeBlinkLeft")[:, 1]
    assert lid.min() < -0.01 and lid.sum() < 0  # meters: the upper lid goes down, farther than the lower one up
    assert moved("jawOpen")[:, 1].min() < -0.02
    assert moved("browInnerUp")[:, 1].max() > 0.003
    assert (moved("tongueOut") == 0).all()  # the body has no tongue


def test_keys_add_up() -> None:
    values = np.zeros(len(FACE_KEY_NAMES))
    values[[FACE_KEY_NAMES.index("jawOpen"), FACE_KEY_NAMES.index("mouthSmileLeft")]] = 0.5, 1.0
    total = load_face_keys().moved(values, len(BODY.v_template))
    np.testing.assert_allclose(total, 0.5 * moved("jawOpen") + moved("mouthSmileLeft"), atol=1e-6)


def test_a_damaged_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    path = tmp_path / "keys.npz"
    np.savez(path, starts=np.arange(53)[::-1], vertices=np.zeros(3, int), offsets=np.zeros((3, 3)))
    monkeypatch.setattr("tar_core.body.face_keys.FACE_KEYS_FILE", path)
    with pytest.raises(TarError, match="install the extension again"):
        load_face_keys.__wrapped__()
