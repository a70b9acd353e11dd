"""The mesh in NumPy against the ones in PyTorch and in smplx."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tar_core.body.data import BodyData, load_body
from tar_core.body.model import BodyModel
from tar_core.body.shape import rest_joints
from tar_core.body.skinning import posed_vertices
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import NUM_BODY_JOINTS, NUM_JOINTS, SMPLH_PARENTS, pose_skeleton
from tests.support.smplx_points import smplh_model


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


def test_the_body_with_fingers_equals_smplxs_smplh() -> None:
    body = load_body().with_fingers()
    random = np.random.default_rng(0)
    pose, betas = random.normal(0, 0.4, (len(SMPLH_PARENTS), 3)), random.normal(size=10)
    rotations = torch.from_numpy(pose[None]).float().flatten(1)
    body_end, left_end = 3 * NUM_BODY_JOINTS, 3 * (NUM_BODY_JOINTS + 15)
    expected = smplh_model(body)(
        global_orient=rotations[:, :3],
        body_pose=rotations[:, 3:body_end],
        left_hand_pose=rotations[:, body_end:left_end],
        right_hand_pose=rotations[:, left_end:],
        betas=torch.from_numpy(betas[None]).float(),
    )
    np.testing.assert_allclose(posed_vertices(body, pose, betas), expected.vertices[0].detach(), atol=1e-5)
    _, joints = pose_skeleton(pose[None], rest_joints(body, betas), SMPLH_PARENTS)
    np.testing.assert_allclose(joints[0], expected.joints[0, : len(SMPLH_PARENTS)].detach(), atol=1e-5)


def test_unbent_fingers_move_with_the_wrist_as_smpls_hand_does() -> None:
    """The thumb's root is shared by wrist and hand in SMPL's joints, so the hand must not rotate."""
    body = load_body()
    pose, betas = np.random.default_rng(2).normal(0, 0.4, (NUM_JOINTS, 3)), np.ones(10)
    pose[NUM_BODY_JOINTS:] = 0
    with_fingers = np.concatenate([pose[:NUM_BODY_JOINTS], np.zeros((30, 3))])
    expected = posed_vertices(body, pose, betas)
    np.testing.assert_allclose(posed_vertices(body.with_fingers(), with_fingers, betas), expected, atol=1e-5)
