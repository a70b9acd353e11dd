"""Skinned triangle meshes as the renderer draws them: the body and whatever it wears."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class SkinnedMesh:
    """A mesh in SMPL's T-pose that follows SMPL's joints. Vertices are split along texture seams.

    Attributes:
        name: unique among meshes.
        template: [V, 3] meters.
        shapedirs: [V, 3, 10] what each beta adds.
        joints, weights: [V, 4] the joints that move a vertex, and how much.
        uv: [V, 2] texture coordinates, v up.
        regions: [V] which color scheme of the outfit a vertex takes (0 top, 1 bottom, 2 and 3 details).
        faces: [F, 3].
    """

    name: str
    template: np.ndarray
    shapedirs: np.ndarray
    joints: np.ndarray
    weights: np.ndarray
    uv: np.ndarray
    regions: np.ndarray
    faces: np.ndarray

    def shaped(self, betas: np.ndarray) -> np.ndarray:
        """Vertices [V, 3] of a body shape."""
        return self.template + self.shapedirs @ betas

    def normals(self, vertices: np.ndarray) -> np.ndarray:
        """Smooth unit normals [V, 3], continuous across texture seams."""
        a, b, c = (vertices[self.faces[:, k]] for k in range(3))
        summed = self._faces_around_points @ np.cross(b - a, c - a)
        unit = summed / (np.linalg.norm(summed, axis=1, keepdims=True) + 1e-12)
        return unit[self._point_of_vertex]

    @cached_property
    def _point_of_vertex(self) -> np.ndarray:
        """[V] index of the point in space that vertices split by a seam share."""
        return np.unique(np.round(self.template, 5), axis=0, return_inverse=True)[1].reshape(-1)

    @cached_property
    def _faces_around_points(self) -> csr_matrix:
        points = self._point_of_vertex[self.faces].reshape(-1)
        faces = np.repeat(np.arange(len(self.faces)), 3)
        shape = (self._point_of_vertex.max() + 1, len(self.faces))
        return csr_matrix((np.ones(len(points)), (points, faces)), shape=shape)


def split_seams(faces: np.ndarray, uv_faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gives each (vertex, texture coordinate) pair an index of its own.

    Args:
        faces, uv_faces: [F, 3] indices of vertices and of texture coordinates.

    Returns:
        For each new vertex the old vertex [V] and the texture coordinate [V], and the new faces [F, 3].
    """
    pairs = np.stack([faces.reshape(-1), uv_faces.reshape(-1)], 1)
    unique, index = np.unique(pairs, axis=0, return_inverse=True)
    return unique[:, 0], unique[:, 1], index.reshape(-1, 3)


def strongest_influences(weights: np.ndarray, count: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """[V, 24] skin weights -> the `count` strongest joints of each vertex and their weights, summing to 1."""
    joints = np.argsort(-weights, axis=1)[:, :count]
    strongest = np.take_along_axis(weights, joints, 1)
    return joints, strongest / strongest.sum(1, keepdims=True)
