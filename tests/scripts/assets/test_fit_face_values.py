"""The fit of shape keys to landmarks."""

from dataclasses import replace

import numpy as np

from scripts.assets.fit_face_values import MIRRORED, Samples, build, without_neutral
from tar_core.face.shape import CAPTURED_KEYS, FaceMap, load_face_map


def test_sides_are_exchanged() -> None:
    assert [CAPTURED_KEYS[row] for row in MIRRORED[:3]] == ["eyeBlinkRight", "eyeBlinkLeft", "jawOpen"]


def test_the_neutral_of_each_person_is_subtracted() -> None:
    arrays, person = np.array([[1.0], [2], [9], [5]]), np.array([0, 0, 0, 1])
    np.testing.assert_allclose(without_neutral(arrays, person), [[-1], [0], [7], [0]])


def test_keys_that_move_the_landmarks_are_found_again() -> None:
    """Landmarks that move with each key, of people with other faces."""
    random = np.random.default_rng(0)
    base = load_face_map().reference
    motion = np.zeros((len(CAPTURED_KEYS), *base.shape))
    for row, twin in enumerate(MIRRORED):
        if row <= twin:
            motion[row, random.choice(468, 60, replace=False)] = 0.1 * random.normal(size=3)
    person = np.repeat(np.arange(12), 20)
    values = np.clip(random.normal(size=(len(person), len(CAPTURED_KEYS))), 0, 1)
    values[random.random(values.shape) < 0.6] = 0
    values = values[:, np.minimum(np.arange(len(MIRRORED)), MIRRORED)]  # both sides move alike
    own = 0.03 * random.normal(size=(12, *base.shape))
    points = 40 * (base + own[person] + np.einsum("nk,kvc->nvc", values, motion))
    faces = Samples(points, values, person)
    known = np.arange(len(person)) % 20 < 16
    face_map = FaceMap(**build(replace(faces, points=points[known], values=values[known], person=person[known])))
    raw = np.array([face_map.read(face)[0] for face in points])
    found = np.clip(without_neutral(raw, person) + face_map.bias, 0, 1)
    assert np.abs(found - values)[~known].mean() < 0.5 * values.mean()
