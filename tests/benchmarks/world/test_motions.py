"""Motions from formulas: chains, key poses, and feet on the floor."""

import numpy as np
import pytest

from benchmarks.recordings import in_world
from benchmarks.world.motions import MADE, build_motion, chain, turned
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.cleanup.contacts import sole_points
from tar_core.synthetic.motions import FPS, Motion, leg_length

BODY = load_body()


def recording(speed: float = 0.04) -> Motion:
    rest = rest_joints(BODY, np.zeros(10))
    trans = np.stack([np.zeros(30), np.full(30, 0.9), speed * np.arange(30)], 1)
    return Motion("made up", np.zeros((30, 24, 3)), trans, FPS, leg_length(rest))


def test_a_chain_goes_on_where_the_first_part_ended():
    motion = chain([recording(), turned(recording(), 90)])
    steps = np.diff(motion.trans, axis=0)
    assert len(motion) == 62
    np.testing.assert_allclose(steps, np.tile([0, 0, 0.04], (61, 1)), atol=1e-9)


def test_what_moves_along_z_moves_along_x_after_90_degrees():
    motion = turned(recording(), 90)
    np.testing.assert_allclose(motion.trans[-1] - motion.trans[0], [0.04 * 29, 0, 0], atol=1e-12)


def test_formulas():
    recordings = {"cmu/005_01": recording()}
    assert len(build_motion("cmu/005_01", recordings, BODY)) == 30
    assert len(build_motion("hold10:cmu/005_01[5:25]+~cmu/005_01", recordings, BODY)) == 30 + 2 + 30
    assert len(build_motion("cmu/005_01*2", recordings, BODY)) == 62
    with pytest.raises(KeyError):
        build_motion("cmu/006_01", recordings, BODY)


@pytest.mark.parametrize("name", ["sit_down", *MADE])
def test_motions_between_key_poses_touch_the_floor(name):
    motion = build_motion(f"made/{name}", {}, BODY)
    soles = sole_points(in_world(motion, BODY), BODY)[..., 1].min(1)
    assert len(motion) >= 120
    assert soles.min() > -0.03
    assert np.percentile(soles, 10) < 0.05
