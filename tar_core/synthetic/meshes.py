"""Skinned triangle meshes for the renderer: the body and its clothes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class SkinnedMesh:
    """A mesh in SMPL's T-pose, skinned to SMPL's joints. Vertices are split along texture seams.

    Attributes:
        name: unique among meshes.
        template: [V, 3] vertices of the mean shape, meters.
        shapedirs: [V, 3, 10] displacement for each beta.
        joints: [V, 4] indices of the joints that move a vertex.
        weights: [V, 4] their skin weights.
        uv: [V, 2] texture coordinates, v up.
        regions: [V] color scheme of the outfit (0 top, 1 bottom, 2 and 3 details).
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
        """Vertices [V, 3] for a body shape."""
        return self.template + self.shapedirs @ betas

    def normals(self, vertices: np.ndarray) -> np.ndarray:
        """Compute smooth unit normals [V, 3] that are continuous across texture seams."""
        a, b, c = (vertices[self.faces[:, k]] for k in range(3))
        summed = self._faces_around_points @ np.cross(b - a, c - a)
        unit = summed / (np.linalg.norm(summed, axis=1, keepdims=True) + 1e-12)
        return unit[self._point_of_vertex]

    @cached_property
    def _point_of_vertex(self) -> np.ndarray:
        """[V] for each vertex, the index of its position; vertices split by a seam have the same position."""
        return np.unique(np.round(self.template, 5), axis=0, return_inverse=True)[1].reshape(-1)

    @cached_property
    def _faces_around_points(self) -> csr_matrix:
        points = self._point_of_vertex[self.faces].reshape(-1)
        faces = np.repeat(np.arange(len(self.faces)), 3)
        shape = (self._point_of_vertex.max() + 1, len(self.faces))
        return csr_matrix((np.ones(len(points)), (points, faces)), shape=shape)


def split_seams(faces: np.ndarray, uv_faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split vertices so that each (vertex, texture coordinate) pair has its own index.

    Args:
        faces, uv_faces: [F, 3] indices of vertices and of texture coordinates.

    Returns:
        For each new vertex the old vertex [V] and the texture coordinate [V]; the new faces [F, 3].
    """
    pairs = np.stack([faces.reshape(-1), uv_faces.reshape(-1)], 1)
    unique, index = np.unique(pairs, axis=0, return_inverse=True)
    return unique[:, 0], unique[:, 1], index.reshape(-1, 3)


def strongest_influences(weights: np.ndarray, count: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Keep the `count` largest of the skin weights [V, 24] of each vertex.

    Returns:
        Joints [V, count] and weights [V, count], which sum to 1.
    """
    joints = np.argsort(-weights, axis=1)[:, :count]
    strongest = np.take_along_axis(weights, joints, 1)
    return joints, strongest / strongest.sum(1, keepdims=True)
