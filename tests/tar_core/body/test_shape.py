"""Rest joints, median shapes, and conversion of shapes between bodies."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.body.data import BodyData, load_body
from tar_core.body.shape import median_shape, rest_joints, scaled_shape, transfer_shape, translation_for_shape


@pytest.fixture(scope="module")
def body() -> BodyData:
    return load_body()


def test_rest_joints_equal_those_of_the_body_model(body: BodyData) -> None:
    torch = pytest.importorskip("torch")
    from tar_core.body.model import BodyModel

    betas = np.random.default_rng(0).normal(size=(3, 10)).astype(np.float32)
    posed = BodyModel(body)(torch.eye(3).expand(3, 24, 3, 3), torch.from_numpy(betas)).joints
    np.testing.assert_allclose(rest_joints(body, betas), posed.numpy(), atol=1e-5)


def test_median_shape_is_the_weighted_median() -> None:
    betas = np.array([[1.0] * 10, [2.0] * 10, [30.0] * 10, [3.0] * 10])
    np.testing.assert_array_equal(median_shape(betas, np.array([1.0, 1, 0, 1])), np.full(10, 2.0))
    np.testing.assert_array_equal(median_shape(betas, np.array([0.1, 0.1, 0.9, 0.1])), np.full(10, 30.0))
    np.testing.assert_array_equal(median_shape(betas[:1], np.zeros(1)), betas[0])


def test_transfer_shape_to_the_same_body_keeps_the_joints(body: BodyData) -> None:
    betas = np.random.default_rng(1).normal(size=10)
    moved = transfer_shape(betas, body, body)
    before, after = rest_joints(body, betas), rest_joints(body, moved)
    distance = np.linalg.norm((after - after[0]) - (before - before[0]), axis=-1)
    assert distance.max() < 0.01, "meters"


def test_transfer_shape_to_another_body_keeps_the_proportions(body: BodyData) -> None:
    """The target has other shape directions and a smaller template."""
    target = replace(body, v_template=0.97 * body.v_template, shapedirs=-body.shapedirs[..., ::-1].copy())
    betas = np.random.default_rng(2).normal(size=10)
    moved = transfer_shape(betas, body, target)
    before, after = rest_joints(body, betas), rest_joints(target, moved)
    distance = np.linalg.norm((after - after[0]) - (before - before[0]), axis=-1)
    assert distance.mean() < 0.01, "meters"


def test_translation_for_shape_keeps_the_projection(body: BodyData) -> None:
    """The shapes differ in size only, so the projections are exactly equal."""
    larger = replace(body, v_template=1.2 * body.v_template)
    trans = np.random.default_rng(3).normal([0, 0, 5], 0.5, (5, 3))
    moved = translation_for_shape(trans, np.zeros((5, 10)), np.zeros(10), body, larger)
    before = rest_joints(body, np.zeros(10)) + trans[:, None]
    after = rest_joints(larger, np.zeros(10)) + moved[:, None]
    np.testing.assert_allclose(after[..., :2] / after[..., 2:], before[..., :2] / before[..., 2:], atol=1e-5)
    np.testing.assert_allclose(after, 1.2 * before, atol=1e-5)


def test_translation_for_the_same_shape_is_unchanged(body: BodyData) -> None:
    rng = np.random.default_rng(4)
    betas, trans = rng.normal(size=10), rng.normal(size=(5, 3))
    np.testing.assert_allclose(
        translation_for_shape(trans, np.tile(betas, (5, 1)), betas, body, body), trans, atol=1e-6
    )


@pytest.mark.parametrize("scale", [0.8, 0.95, 1.08])
def test_scaled_shape_keeps_the_proportions(body: BodyData, scale: float) -> None:
    betas = 0.5 * np.random.default_rng(2).normal(size=10)
    scaled, reached = scaled_shape(body, betas, scale)
    assert reached == pytest.approx(scale, rel=0.01)
    before, after = rest_joints(body, betas), rest_joints(body, scaled)
    wanted = scale * (before - before[0])
    assert np.linalg.norm((after - after[0]) - wanted, axis=-1).max() < 0.015, "meters"
