"""Writes a garments file whose garments are offset parts of the free body's surface."""

from pathlib import Path

import numpy as np

from tar_core.body.data import FREE_BODY
from tar_core.synthetic.garments import HAIR, SHOES, SUITS
from tar_core.synthetic.meshes import strongest_influences

BASE_VERTICES = 19158  # of MakeHuman's base mesh
SHORTS = ("female_casualsuit02",)  # all other suits have long trousers


def write_garments(path: Path) -> None:
    """Write all garments that `tar_core.synthetic.garments` lists; see `Wardrobe` for the format."""
    with np.load(FREE_BODY) as data:
        template, faces = data["v_template"].astype(float), data["f"].astype(int)
        shapedirs, base_index = data["shapedirs"], data["base_index"]
        joints, weights = strongest_influences(data["weights"].astype(float))
    normals = vertex_normals(template, faces)
    x, y, z = template.T
    suit = (y < 0.27) & (y > -1.05) & (np.abs(x) < 0.6)
    covered = {name: suit & ((y > -0.5) | (name not in SHORTS)) for names in SUITS.values() for name in names}
    covered |= dict.fromkeys(SHOES, y < -1.0)
    covered |= {name: (y > 0.45) & (z < 0.05) for names in HAIR.values() for name in names}

    arrays = {}
    for name, inside in covered.items():
        kept = np.flatnonzero(inside)
        new_index = np.full(len(template), -1)
        new_index[kept] = np.arange(len(kept))
        hides = np.zeros(BASE_VERTICES, bool)
        if not any(name in names for names in HAIR.values()):
            hides[base_index[kept]] = True
        arrays |= {
            f"{name}/v0": (template + 0.01 * normals)[kept].astype(np.float32),
            f"{name}/sd": shapedirs[kept].astype(np.float16),
            f"{name}/j": joints[kept].astype(np.uint8),
            f"{name}/w": weights[kept].astype(np.float16),
            f"{name}/uv": (template[kept, :2] % 1).astype(np.float16),
            f"{name}/tri": new_index[faces[inside[faces].all(1)]].astype(np.uint16),
            f"{name}/reg": (y[kept] < -0.1).astype(np.uint8),
            f"{name}/del": np.packbits(hides),
        }
    np.savez(path, **arrays)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """[V, 3] unit normals."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    summed = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(summed, faces[:, k], np.cross(b - a, c - a))
    return summed / np.linalg.norm(summed, axis=1, keepdims=True)
