"""The truth of a video survives its file."""

import numpy as np

from benchmarks.world.rendering import make_truth
from benchmarks.world.truth import Truth
from tar_core.body.data import load_body
from tests.support.world_people import SITTING


def test_truth_is_read_as_written(tmp_path):
    truth = make_truth(SITTING, {}, load_body())
    truth.save(tmp_path / "truth.npz")
    loaded = Truth.load(tmp_path / "truth.npz")
    for name, value in vars(truth).items():
        np.testing.assert_array_equal(getattr(loaded, name), value, err_msg=name)


def test_up_in_the_first_camera():
    truth = make_truth(SITTING, {}, load_body())
    assert truth.up @ [0, -1, 0] > 0.9
    np.testing.assert_allclose(truth.rotations[0].T @ truth.up, [0, 1, 0], atol=1e-12)
