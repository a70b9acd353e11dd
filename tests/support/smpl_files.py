"""A body with the layout of SMPL's official files: random values for 6890 vertices of the free body."""

import functools
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix

from tar_core.body.data import FREE_BODY
from tar_core.skeleton import PARENTS

VERTICES = 6890  # as SMPL


def smpl_content(betas: int = 10, correctives: bool = True) -> dict[str, Any]:
    """Contents like SMPL_NEUTRAL.pkl: double floats, a sparse regressor, pose correctives of some centimeters.

    The correctives, which a body file may lack, are 34 MB.
    """
    content = dict(_content(betas))
    return content if correctives else {key: value for key, value in content.items() if key != "posedirs"}


@functools.cache
def _content(betas: int) -> dict[str, Any]:
    random = np.random.default_rng(0)
    free = np.load(FREE_BODY)
    chosen = np.sort(random.permutation(len(free["v_template"]))[:VERTICES])
    regressor = random.random((24, VERTICES)) * (random.random((24, VERTICES)) < 0.01)
    weights = free["weights"][chosen].astype(float)
    return {
        "v_template": free["v_template"][chosen].astype(float),
        "shapedirs": random.normal(size=(VERTICES, 3, betas)) * 0.01,
        "posedirs": random.normal(size=(VERTICES, 3, 1)) * random.normal(size=207) * 0.002,
        "J_regressor": csc_matrix(regressor / regressor.sum(1, keepdims=True)),
        "weights": weights / weights.sum(1, keepdims=True),
        "kintree_table": np.array([[2**32 - 1, *PARENTS[1:]], range(24)], np.int64),
        "f": random.integers(0, VERTICES, (13776, 3)).astype(np.uint32),
        "bs_style": "lbs",
    }
