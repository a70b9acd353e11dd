"""Joints and vertices of `synthetic_clip()` by smplx, for tests in Blenders without torch.

    python -m tests.support.smplx_points OUT.npz

Writes joints [N, 24, 3] of the clip's first person, and vertices [M, V, 3] in every STEP-th frame, in the camera frame
in meters.
"""

import sys

import numpy as np
import smplx
import torch
from smplx.utils import Struct

from tar_core.body.data import BodyData, load_body
from tar_core.motion import PersonMotion
from tar_core.skeleton import PARENTS
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


def smplx_points(person: PersonMotion, body: BodyData) -> dict[str, np.ndarray]:
    """The joints and vertices of a person, as described above."""
    model = smplx_model(body, len(person))
    poses = torch.from_numpy(person.poses)
    output = model(
        global_orient=poses[:, :3],
        body_pose=poses[:, 3:],
        betas=torch.from_numpy(person.betas)[None].expand(len(person), -1),
        transl=torch.from_numpy(person.trans),
    )
    return {
        "joints": output.joints[:, : len(PARENTS)].detach().numpy(),
        "vertices": output.vertices[::STEP].detach().numpy(),
    }


if __name__ == "__main__":
    np.savez(sys.argv[1], **smplx_points(synthetic_clip().people[0], load_body()))
