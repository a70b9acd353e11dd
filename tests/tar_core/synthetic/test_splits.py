import numpy as np
import pytest

from tar_core.errors import TarError
from tar_core.synthetic.motions import Motion
from tar_core.synthetic.splits import select_split


def test_subject_05_is_only_in_the_test_split():
    motions = [Motion(name, np.zeros((20, 24, 3)), np.zeros((20, 3))) for name in ("cmu/005_01", "cmu/007_01", "a/b")]
    assert [motion.name for motion in select_split(motions, "test")] == ["cmu/005_01"]
    assert [motion.name for motion in select_split(motions, "train")] == ["cmu/007_01", "a/b"]
    with pytest.raises(TarError, match="test"):
        select_split(motions[1:], "test")
