"""The SMPL body in PyTorch: linear blend skinning of joints, markers, landmarks or the whole mesh.

The notation is that of the SMPL paper (Loper et al., SIGGRAPH Asia 2015): template T, shape and pose blend shapes B_S
and B_P, joints J, world transforms G. The package smplx always skins the whole mesh. This implementation skins chosen
points only, because the network skins about a hundred points six times in each training step.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tar_core.body.data import LANDMARK_NAMES, BodyData
from tar_core.skeleton import PARENTS


@dataclass
class BodyPoints:
    """Points on a batch of posed bodies, meters, without SMPL's translation.

    Attributes:
        joints: [B, 24, 3].
        markers: [B, K, 3].
        landmarks: [B, L, 3], in the order of LANDMARK_NAMES.
    """

    joints: Tensor
    markers: Tensor
    landmarks: Tensor


class BodyModel(nn.Module):
    """Poses and shapes a body; differentiable in both.

    As in smplx, the pelvis stays at its rest position for the shape, and the body rotates about it; the caller adds the
    translation. The arrays of the body are not part of the state dict, since they have their own file.

    Args:
        data: the body.

    Attributes:
        faces: [F, 3] triangles of the whole mesh.
    """

    faces: Tensor
    rest_joints: Tensor  # [24, 3] of the mean shape
    rest_joint_directions: Tensor  # [24, 3, 10] meters per beta

    def __init__(self, data: BodyData) -> None:
        super().__init__()
        regressor = data.J_regressor.astype(np.float64)
        # Joints are linear in the shape, so the mesh is not needed: J(T + S beta) = J T + (J S) beta.
        directions = np.tensordot(regressor, data.shapedirs.astype(np.float64), axes=1)
        self._add_constant("rest_joints", regressor @ data.v_template)
        self._add_constant("rest_joint_directions", directions)
        self.skeleton = _Skeleton()

        landmarks = [data.vertex_ids[name] for name in LANDMARK_NAMES]
        self.num_markers = len(data.markers)
        self.point_skin = _Skin(data, np.concatenate([data.markers, landmarks]))
        self.mesh_skin = _Skin(data, np.arange(len(data.v_template)))
        self.register_buffer("faces", torch.from_numpy(data.faces.astype(np.int64)), persistent=False)

    def forward(self, rotations: Tensor, betas: Tensor) -> BodyPoints:
        """Compute joints, markers and landmarks.

        Args:
            rotations: [B, 24, 3, 3] of each joint relative to its parent; that of the pelvis is SMPL's global_orient.
            betas: [B, 10].
        """
        joints, transforms = self._pose(rotations, betas)
        points = self.point_skin(rotations, betas, transforms)
        return BodyPoints(joints, points[:, : self.num_markers], points[:, self.num_markers :])

    def vertices(self, rotations: Tensor, betas: Tensor) -> Tensor:
        """Compute the vertices [B, V, 3] of the whole mesh; the arguments are those of `forward`."""
        _, transforms = self._pose(rotations, betas)
        return self.mesh_skin(rotations, betas, transforms)

    def _pose(self, rotations: Tensor, betas: Tensor) -> tuple[Tensor, Tensor]:
        rest = self.rest_joints + torch.tensordot(betas, self.rest_joint_directions, dims=([1], [2]))
        return self.skeleton(rotations, rest)

    def _add_constant(self, name: str, array: np.ndarray) -> None:
        self.register_buffer(name, _float_tensor(array), persistent=False)


class _Skeleton(nn.Module):
    """Forward kinematics, with one matrix product for all joints of the same depth in the hierarchy.

    SMPL numbers its joints by depth, so the joints of a level are adjacent: pelvis | hips, spine1 | knees, spine2 | ...
    """

    parents: Tensor  # [23] of all joints but the pelvis

    def __init__(self) -> None:
        super().__init__()
        depth = [0]
        for parent in PARENTS[1:]:
            depth.append(depth[parent] + 1)
        assert depth == sorted(depth)
        self.level_sizes = [depth.count(level) for level in range(depth[-1] + 1)]
        starts = np.cumsum([0, *self.level_sizes])
        for level in range(1, len(self.level_sizes)):
            parents = torch.tensor(PARENTS[starts[level] : starts[level + 1]]) - int(starts[level - 1])
            self.register_buffer(f"parents_{level}", parents, persistent=False)
        self.register_buffer("parents", torch.tensor(PARENTS[1:]), persistent=False)

    def forward(self, rotations: Tensor, rest_joints: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the posed joints and the transforms of the skin.

        Args:
            rotations: [B, 24, 3, 3] relative to the parents.
            rest_joints: [B, 24, 3].

        Returns:
            joints: [B, 24, 3] posed joints.
            transforms: [B, 24, 3, 4] from rest to posed, G' in the paper (eq. 4).
        """
        from_parent = torch.cat([rest_joints[:, :1], rest_joints[:, 1:] - rest_joints.index_select(1, self.parents)], 1)
        # Transform of each joint relative to its parent: (B, 24, 3, 4)
        local = torch.cat([rotations, from_parent[..., None]], -1)
        levels = local.split(self.level_sizes, 1)
        world = [levels[0]]
        for level in range(1, len(levels)):
            above = world[-1].index_select(1, self.get_buffer(f"parents_{level}"))
            rotated = above[..., :3] @ levels[level]
            world.append(torch.cat([rotated[..., :3], rotated[..., 3:] + above[..., 3:]], -1))
        transforms = torch.cat(world, 1)
        rotation, joints = transforms[..., :3], transforms[..., 3]
        shift = joints - _apply(rotation, rest_joints)
        return joints, torch.cat([rotation, shift[..., None]], -1)


class _Skin(nn.Module):
    """Linear blend skinning of some vertices of a body."""

    template: Tensor  # [S, 3]
    shape_directions: Tensor  # [10, 3 S]
    pose_directions: Tensor | None  # [207, 3 S]
    weights: Tensor  # [S, 24]

    def __init__(self, data: BodyData, vertices: np.ndarray) -> None:
        super().__init__()
        pose_directions = _float_tensor(_flat(data.posedirs[vertices])) if data.has_pose_correctives else None
        self.register_buffer("template", _float_tensor(data.v_template[vertices]), persistent=False)
        self.register_buffer("shape_directions", _float_tensor(_flat(data.shapedirs[vertices])), persistent=False)
        self.register_buffer("pose_directions", pose_directions, persistent=False)
        self.register_buffer("weights", _float_tensor(data.weights[vertices]), persistent=False)

    def forward(self, rotations: Tensor, betas: Tensor, transforms: Tensor) -> Tensor:
        """Compute the posed vertices [B, S, 3].

        Args:
            rotations: [B, 24, 3, 3] relative to the parents, for the pose blend shapes.
            betas: [B, 10].
            transforms: [B, 24, 3, 4] from rest to posed.
        """
        offsets = betas @ self.shape_directions  # B_S, eq. 8
        if self.pose_directions is not None:
            identity = torch.eye(3, device=rotations.device, dtype=rotations.dtype)
            features = (rotations[:, 1:] - identity).flatten(1)
            offsets = offsets + features @ self.pose_directions  # B_P, eq. 9
        rest = self.template + offsets.unflatten(1, (-1, 3))
        # Eq. 7, but blending the transforms first and applying them once: (B, S, 3, 4)
        blended = (self.weights @ transforms.flatten(2)).unflatten(2, (3, 4))
        return _apply(blended[..., :3], rest) + blended[..., 3]


def _apply(matrices: Tensor, points: Tensor) -> Tensor:
    """Multiply matrices [..., 3, 3] with points [..., 3]."""
    return (matrices @ points[..., None])[..., 0]


def _flat(directions: np.ndarray) -> np.ndarray:
    """Reshape [S, 3, N] to [N, 3 S], for products with a batch of N coefficients."""
    return directions.reshape(-1, directions.shape[-1]).T


def _float_tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
