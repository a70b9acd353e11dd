"""Parts of the error of captured motion: each alone, on made-up captures."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.world.parts import PARTS, errors_of_parts, parts_header, parts_row, replaced_parts
from benchmarks.world.rendering import make_truth
from benchmarks.world.truth import Truth
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tests.support.world_people import SITTING, perfect

BODY = load_body()


@pytest.fixture(scope="module")
def truth() -> Truth:
    return make_truth(SITTING, {}, BODY)


def means(clip, truth) -> dict[str, float]:
    return {part: float(values.mean()) for part, values in errors_of_parts(clip, truth, BODY).items()}


def test_a_perfect_capture_has_no_error_in_any_part(truth):
    for part, error in means(perfect(truth), truth).items():
        assert error < 0.05, part


def test_an_error_of_the_distance_is_cured_by_the_distance_and_the_path_alone(truth):
    clip = perfect(truth)
    (person,) = clip.people
    factors = 1 + 0.05 * np.sin(np.arange(len(person)) / 9)[:, None]
    pelvis = rest_joints(BODY, person.betas.astype(float))[0]
    clip.people = [replace(person, trans=(person.trans + pelvis) * factors - pelvis)]
    errors = means(clip, truth)
    cured = {part for part, error in errors.items() if error < 1}
    assert cured == {"distance", "path", "path, orient.", "path, pose"}
    assert errors["nothing"] > 50 and errors["orientation"] == pytest.approx(errors["nothing"], rel=0.05)


def test_a_wrong_focal_length_is_cured_by_the_true_one(truth):
    clip = perfect(truth).with_focal_length(1.3 * truth.focal_length)
    errors = means(clip, truth)
    assert errors["focal"] < 1 < errors["nothing"]


def test_leaning_back_and_turning_about_the_vertical():
    random = np.random.default_rng(0)
    true = random.normal(0, 0.3, (40, 24, 3)) + [0, 0, 5]
    up = np.tile([0, -1.0, 0], (40, 1))
    for axis, cured_by_lean in (([1.0, 0, 0], True), ([0, 1.0, 0], False)):
        rotation = Rotation.from_rotvec(0.3 * np.array(axis)).as_matrix()
        captured = true[:, :1] + (true - true[:, :1]) @ rotation.T
        parts = replaced_parts(captured, true, up)
        assert np.allclose(parts["lean"], true) == cured_by_lean
        for part in ("turn", "orientation", "orient., pose"):
            np.testing.assert_allclose(parts[part], true, atol=1e-9)
        assert not np.allclose(parts["path"], true)


def test_the_table_has_a_column_for_each_part():
    errors = [{part: np.array([1.0, 3.0]) for part in PARTS}, {part: np.array([5.0]) for part in PARTS}]
    assert parts_row("walk", errors).split() == ["walk", *["3.0"] * len(PARTS)]
    assert len(parts_row("walk", errors)) == len(parts_header())
    assert "nan" in parts_row("none", [])
