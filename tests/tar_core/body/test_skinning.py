"""The mesh in NumPy against the one in PyTorch."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tar_core.body.data import BodyData, load_body
from tar_core.body.model import BodyModel
from tar_core.body.skinning import posed_vertices
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import NUM_JOINTS


def with_pose_correctives(body: BodyData) -> BodyData:
    return replace(body, posedirs=np.random.default_rng(1).normal(0, 1e-3, body.posedirs.shape).astype(np.float32))


@pytest.mark.parametrize("correctives", [False, True])
def test_equals_the_torch_body(correctives: bool) -> None:
    body = with_pose_correctives(load_body()) if correctives else load_body()
    assert body.has_pose_correctives == correctives
    random = np.random.default_rng(0)
    pose, betas = random.normal(0, 0.4, 3 * NUM_JOINTS), random.normal(size=10)
    rotations = axis_angle_to_matrix(torch.from_numpy(pose.reshape(1, NUM_JOINTS, 3)).float())
    expected = BodyModel(body).vertices(rotations, torch.from_numpy(betas[None]).float())[0]
    np.testing.assert_allclose(posed_vertices(body, pose, betas), expected, atol=2e-5)
