import numpy as np
import pytest

from tar_core.datasets.joints import (
    ANGLE_JOINTS,
    H36M_NAMES,
    JITTER_JOINTS,
    LSP14,
    LSP_HIPS,
    MPI17,
    MPI_PELVIS,
    load_regressor,
)
from tar_core.errors import TarError
from tar_core.skeleton import JOINT_NAMES


def test_joint_sets_match_the_benchmark_scripts():
    """SPIN's H36M_TO_J17 and its first fourteen; EMDB's SMPL_OR_JOINTS and ignored joints."""
    assert MPI17 == [6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10, 0, 7, 9]
    assert MPI17[:14] == LSP14
    assert ANGLE_JOINTS == [0, 1, 2, 4, 5, 16, 17, 18, 19]
    assert sorted(set(range(24)) - set(JITTER_JOINTS)) == [0, 7, 8, 10, 11, 20, 21, 22, 23]


def test_left_and_right_are_not_swapped():
    assert [H36M_NAMES[LSP14[i]] for i in LSP_HIPS] == ["left_hip", "right_hip"]
    assert [H36M_NAMES[MPI17[i]] for i in MPI_PELVIS] == ["pelvis"]
    assert [JOINT_NAMES[i] for i in ANGLE_JOINTS[1:3]] == ["left_hip", "right_hip"]


def test_load_regressor_checks_the_file(tmp_path):
    regressor = np.random.default_rng(0).random((17, 6890))
    np.save(tmp_path / "J_regressor_h36m.npy", regressor)
    np.testing.assert_array_equal(load_regressor(tmp_path / "J_regressor_h36m.npy"), regressor)
    np.save(tmp_path / "extra.npy", regressor[:9])
    (tmp_path / "broken.npy").write_bytes(b"nothing")
    for name, words in (("gone.npy", "no such file"), ("extra.npy", "17 x 6890"), ("broken.npy", "readable")):
        with pytest.raises(TarError, match=words):
            load_regressor(tmp_path / name)
