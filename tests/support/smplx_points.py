"""Joints and vertices of `synthetic_clip()` by smplx, for tests in Blenders without torch.

    python -m tests.support.smplx_points OUT.npz

Writes joints [N, 52, 3] of the clip's first person on the free body with relaxed hands, and vertices [M, V, 3] in every
STEP-th frame, in the camera frame in meters.
"""

import sys

import numpy as np
import smplx
import torch
from smplx.utils import Struct

from tar_core.body.data import BodyData, load_body
from tar_core.body.hand_poses import hand_pose
from tar_core.body.shape import rest_joints
from tar_core.motion import PersonMotion
from tar_core.skeleton import NUM_BODY_JOINTS, NUM_HAND_JOINTS, PARENTS, SMPLH_PARENTS
from tests.support.clips import STEP, synthetic_clip


def smplx_model(body: BodyData, batch_size: int = 1) -> smplx.SMPL:
    """The body as a model of the package smplx."""
    parents = np.array([PARENTS, range(len(PARENTS))])
    data = Struct(
        v_template=body.v_template,
        shapedirs=body.shapedirs,
        posedirs=body.posedirs,
        J_regressor=body.J_regressor,
        weights=body.weights,
        kintree_table=parents,
        f=body.faces,
    )
    return smplx.SMPL("", data_struct=data, vertex_ids=body.vertex_ids, batch_size=batch_size)


def smplh_model(body: BodyData, batch_size: int = 1) -> smplx.SMPLH:
    """A body with fingers as a model of the package smplx."""
    hand = np.eye(3 * NUM_HAND_JOINTS)
    data = Struct(
        v_template=body.v_template,
        shapedirs=body.shapedirs,
        posedirs=np.zeros((*body.v_template.shape, 9 * (len(SMPLH_PARENTS) - 1)), np.float32),
        J_regressor=body.J_regressor,
        weights=body.weights,
        kintree_table=np.array([SMPLH_PARENTS, range(len(SMPLH_PARENTS))]),
        f=body.faces,
        hands_componentsl=hand,
        hands_componentsr=hand,
        hands_meanl=np.zeros(len(hand)),
        hands_meanr=np.zeros(len(hand)),
    )
    return smplx.SMPLH(
        "", data_struct=data, vertex_ids=body.vertex_ids, batch_size=batch_size, use_pca=False, flat_hand_mean=True
    )


def smplx_points(person: PersonMotion, body: BodyData) -> dict[str, np.ndarray]:
    """The joints and vertices of a person, as described above."""
    model = smplh_model(body, len(person))
    poses = torch.from_numpy(person.poses)
    hands = torch.from_numpy(hand_pose("relaxed", rest_joints(body, person.betas)).astype(np.float32))
    left, right = hands.reshape(2, 1, -1).expand(-1, len(person), -1)
    output = model(
        global_orient=poses[:, :3],
        body_pose=poses[:, 3 : 3 * NUM_BODY_JOINTS],
        left_hand_pose=left,
        right_hand_pose=right,
        betas=torch.from_numpy(person.betas)[None].expand(len(person), -1),
        transl=torch.from_numpy(person.trans),
    )
    return {
        "joints": output.joints[:, : len(SMPLH_PARENTS)].detach().numpy(),
        "vertices": output.vertices[::STEP].detach().numpy(),
    }


if __name__ == "__main__":
    np.savez(sys.argv[1], **smplx_points(synthetic_clip().people[0], load_body().with_fingers()))
