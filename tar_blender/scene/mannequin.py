"""The look of the body: a mannequin with light head and hands, in a suit of the person's color and dark shoes."""

from functools import lru_cache
from typing import Any, cast

import bpy
import numpy as np

from tar_core.body.data import BodyData
from tar_core.skeleton import HAND_JOINT_NAMES

from ..util.person_colors import Color, color_name, person_color
from .metadata import is_part, mark_part

SUIT, SKIN, SHOES = range(3)  # slots of the body's materials
_SKIN_COLOR = (0.62, 0.58, 0.54, 1.0)  # linear RGBA
_SHOE_COLOR = (0.05, 0.055, 0.065, 1.0)
_SUIT_GRAY = 0.08  # mixed into the person's color
_MAX_ROUNDS = 60
_LONGER = 1.02  # ratio of lengths of a quad's edges from which it changes its label


def mannequin_materials(color: int) -> list[bpy.types.Material]:
    """The materials of a body in the order of its slots. People with the same color (`color_of`) share them."""
    red, green, blue, _ = (_SUIT_GRAY + (0.6 - _SUIT_GRAY) * value**2.2 for value in person_color(color))
    suit = _material(f"TAR Suit {color_name(color)}", (red, green, blue, 1.0))
    return [suit, _material("TAR Skin", _SKIN_COLOR), _material("TAR Shoes", _SHOE_COLOR)]


@lru_cache(maxsize=2)
def material_slots(body: BodyData) -> np.ndarray:
    """Material slots [F] of the faces: head and hands are skin, feet are shoes, the rest is the suit."""
    hands = ("left_wrist", "left_hand", "right_wrist", "right_hand", *HAND_JOINT_NAMES)
    skin = _weight_of(body, "neck", "head", *hands)
    shoes = _weight_of(body, "left_ankle", "left_foot", "right_ankle", "right_foot")
    slots = np.where(skin > 0.5, SKIN, np.where(shoes > 0.5, SHOES, SUIT))
    return _straightened(slots, body.faces, body.v_template)


def _weight_of(body: BodyData, *joints: str) -> np.ndarray:
    """Summed weights [F] of some joints at the centers of the faces."""
    indices = [body.joint_names.index(name) for name in joints if name in body.joint_names]
    return body.weights[:, indices].sum(1)[body.faces].mean(1)


def _straightened(labels: np.ndarray, faces: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """Shorten the borders between labels [F]: a quad takes over the label with which it shares the longer edges.

    A round changes labels in one direction only. Otherwise neighbors would swap their labels forever.
    """
    pairs, lengths = _neighbors(faces, vertices)
    quads = _quads(pairs, lengths, len(faces))
    pairs, lengths = quads[pairs], lengths[quads[pairs[:, 0]] != quads[pairs[:, 1]]]
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    labels, unchanged = labels[quads], 0
    for number in range(_MAX_ROUNDS):
        shared = np.bincount(3 * pairs[:, 0] + labels[pairs[:, 1]], lengths, 3 * len(labels)).reshape(-1, 3)
        wanted = shared.argmax(1)
        own = shared[np.arange(len(labels)), labels]
        is_shorter = (shared.max(1) > _LONGER * own) & ((wanted > labels) if number % 2 else (wanted < labels))
        unchanged = 0 if is_shorter.any() else unchanged + 1
        if unchanged == 2:
            break
        labels = np.where(is_shorter, wanted, labels)[quads]
    return labels[quads]


def _neighbors(faces: np.ndarray, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs [P, 2] of triangles [F, 3] with a common edge, in both orders, and the lengths [P] of the edges."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1).astype(np.int64)
    keys = edges[:, 0] * (edges.max() + 1) + edges[:, 1]
    order = np.argsort(keys, kind="stable")
    same = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    pairs = np.stack([order[same], order[same + 1]], 1) % len(faces)
    ends = vertices[edges[order[same]]]
    lengths = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    return np.concatenate([pairs, pairs[:, ::-1]]), np.concatenate([lengths, lengths])


def _quads(pairs: np.ndarray, lengths: np.ndarray, count: int) -> np.ndarray:
    """The first triangle of the quad of each triangle [F]: two whose common edge is the longest one of both."""
    order = np.argsort(lengths, kind="stable")
    longest = np.arange(count)
    longest[pairs[order, 0]] = pairs[order, 1]  # the last assignment counts
    is_mutual = longest[longest] == np.arange(count)
    return np.where(is_mutual, np.minimum(np.arange(count), longest), np.arange(count))


def _material(name: str, color: Color) -> bpy.types.Material:
    """Find or create a material that an import made."""
    found: Any = bpy.data.materials.get(name)  # the stubs declare it as None
    if found is not None and is_part(found) and found.library is None:
        return cast(bpy.types.Material, found)
    material = bpy.data.materials.new(name)
    mark_part(material)
    if material.node_tree is None:  # Blender 5 creates it with the material
        material.use_nodes = True
    tree: Any = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = color
    shader.inputs["Roughness"].default_value = 0.6
    material.diffuse_color = color  # shown by the viewport's solid mode
    return material
