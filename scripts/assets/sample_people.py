"""Sample adults from MakeHuman's shape space, in SMPL's T-pose."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from scripts.assets.makehuman import SKIN_VERTICES, VERTICES, MakeHuman, Sliders
from scripts.assets.t_pose import TPose
from tar_core.skeleton import ALL_JOINT_NAMES

# Values of MakeHuman's sliders: its average legs are longer and its average trunk is shorter than SMPL's.
LEG_LENGTH, TRUNK_LENGTH = -0.5, 0.3
# Meters: mean stature of men, difference between men and women, standard deviation.
MALE_STATURE, STATURE_DIFFERENCE, STATURE_DEVIATION = 1.76, 0.13, 0.068


@dataclass
class People:
    """Sampled adults in the T-pose.

    Attributes:
        vertices: [N, 19158, 3] float32, meters.
        joints: [N, 54, 3] the joints of SMPL and of its hands, meters.
        rotations: [19158, 3, 3] rotation of the surroundings of each vertex from the A-pose to the T-pose, the mean
            over the people.
    """

    vertices: np.ndarray
    joints: np.ndarray
    rotations: np.ndarray


def sample_people(makehuman: MakeHuman, count: int, random: np.random.RandomState) -> People:
    """Sample adults with normally distributed statures and pose them in the T-pose."""
    phenotypes, changes = sample_sliders(makehuman, count)
    female = phenotypes["gender"].numpy()
    stature = MALE_STATURE - STATURE_DIFFERENCE * female + random.randn(count) * STATURE_DEVIATION
    phenotypes["height"] = torch.tensor(solve_height(makehuman, phenotypes, changes, stature), dtype=makehuman.dtype)

    pose = TPose(makehuman)
    people = People(
        np.zeros((count, VERTICES, 3), np.float32),
        np.zeros((count, len(ALL_JOINT_NAMES), 3)),
        np.zeros((VERTICES, 3, 3)),
    )
    for part, vertices, heads in makehuman.shape_in_batches(phenotypes, changes):
        people.vertices[part], people.joints[part] = pose(vertices, heads)
        people.rotations += pose.rotations(heads) * len(heads) / count
    return people


def sample_sliders(makehuman: MakeHuman, count: int) -> tuple[Sliders, Sliders]:
    """Sample MakeHuman's general and local sliders, all but the height.

    The order of the draws determines the result.
    """

    def uniform() -> Tensor:
        return torch.rand(count, dtype=makehuman.dtype)

    def normal(deviation: float = 1.0) -> Tensor:
        return deviation * torch.randn(count, dtype=makehuman.dtype)

    phenotypes = makehuman.sample_phenotypes(count)
    # Values near 0.1 and 0.9, with few in between.
    phenotypes["gender"] = (uniform() < 0.5).to(makehuman.dtype) * 0.8 + 0.1 + 0.1 * normal().clamp(-1, 1)
    # MakeHuman's range of weights is narrow. Values above 1 extrapolate it: the distribution is skewed to heavy people.
    heaviness = normal()
    heaviness = torch.where(heaviness > 0, 1.25 * heaviness, heaviness)
    phenotypes["weight"] = (0.55 + 0.38 * heaviness).clamp(0, 2.2)
    fat = 0.22 * heaviness + normal(0.12)
    changes = {
        "upperlegs-height-incr": normal(0.15) + LEG_LENGTH,
        "lowerlegs-height-incr": normal(0.15) + LEG_LENGTH,
        "torso-scale-vert-incr": normal(0.12) + TRUNK_LENGTH,
        "measure-waist-circ-incr": fat + normal(0.15),
        "measure-hips-circ-incr": 0.8 * fat + normal(0.15),
        "measure-bust-circ-incr": 0.6 * fat + normal(0.15),
        "stomach-tone-incr": -0.5 * fat + normal(0.15),
        "stomach-pregnant-incr": (0.35 * fat + normal(0.08)).clamp(-0.2, 0.6),
        "measure-shoulder-dist-incr": normal(0.2),
        "measure-upperarm-length-incr": normal(0.15),
        "measure-lowerarm-length-incr": normal(0.15),
        "neck-double-incr": (0.6 * fat).clamp(-0.3, 0.8),
        "hip-scale-horiz-incr": normal(0.15),
    }
    for limb in ("upperleg", "upperarm"):
        both_sides = 0.8 * fat + normal(0.12)
        changes |= {f"l-{limb}-fat-incr": both_sides, f"r-{limb}-fat-incr": both_sides}
    phenotypes["muscle"] = (0.5 + 0.22 * normal()).clamp(0, 1)
    phenotypes["proportions"] = 0.3 + 0.7 * uniform()
    phenotypes["cupsize"] = (0.5 + 0.2 * normal()).clamp(0, 1)
    return phenotypes, changes


def solve_height(makehuman: MakeHuman, phenotypes: Sliders, changes: Sliders, stature: np.ndarray) -> np.ndarray:
    """Find the values [N] of the height slider that give people their stature [N] in meters.

    The stature is almost linear in the slider, so two steps of the secant method suffice.
    """

    def measure(slider: np.ndarray) -> np.ndarray:
        trial = phenotypes | {"height": torch.tensor(slider, dtype=makehuman.dtype)}
        batches = makehuman.shape_in_batches(trial, changes)
        return np.concatenate([np.ptp(vertices[:, :SKIN_VERTICES, 1], axis=1) for _, vertices, _ in batches])

    before, now = np.full(len(stature), 0.1), np.full(len(stature), 0.6)
    stature_before, stature_now = measure(before), measure(now)
    for _ in range(2):
        slope = (now - before) / (stature_now - stature_before + 1e-9)
        before, now = now, np.clip(now + (stature - stature_now) * slope, -0.3, 1.3)
        stature_before, stature_now = stature_now, measure(now)
    return now
