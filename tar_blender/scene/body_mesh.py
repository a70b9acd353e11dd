"""The skinned body mesh of a person."""

from collections.abc import Mapping
from typing import Any

import bpy
import numpy as np

from tar_core.body.data import BodyData

from ..util.incremental import Incremental, in_thread
from .armature import SMPL_TO_BLENDER, shaped_body
from .bone_names import joint_bones
from .mannequin import material_slots
from .metadata import mark_part

MAX_INFLUENCES = 4


def body_steps(
    name: str,
    body: BodyData,
    betas: np.ndarray,
    armature_object: bpy.types.Object,
    collection: bpy.types.Collection,
    materials: list[bpy.types.Material],
) -> Incremental[bpy.types.Object]:
    """Create the body as a child of its armature, with its shape applied, UVs, smooth shading and vertex groups.

    The armature modifier does linear blend skinning, as SMPL does, but without SMPL's pose correctives (`posedirs`).
    With body files that have correctives, vertices near bent joints differ from SMPL's by up to a few centimeters. The
    free body has no correctives, so its vertices are those of SMPL.

    Args:
        body: with the joints that the armature has.
        materials: from `mannequin_materials`.
    """
    vertices = yield from in_thread(lambda: shaped_body(body, betas)[0] @ SMPL_TO_BLENDER.T)
    mesh = yield from _triangle_steps(name, vertices, body.faces)
    yield
    mesh.polygons.foreach_set("use_smooth", np.ones(len(body.faces), bool))
    yield
    if body.uv is not None and body.uv_faces is not None:
        layer = mesh.uv_layers.new(name="UVMap")
        layer.data.foreach_set("uv", body.uv[body.uv_faces].astype(np.float32).ravel())
    for material in materials:
        mesh.materials.append(material)
    slots = yield from in_thread(lambda: material_slots(body))
    mesh.polygons.foreach_set("material_index", slots.astype(np.int32))
    mesh.update()

    body_object = bpy.data.objects.new(name, mesh)
    mark_part(body_object)
    collection.objects.link(body_object)
    yield
    yield from _vertex_group_steps(body_object, body, joint_bones(armature_object))
    body_object.parent = armature_object
    modifier: Any = body_object.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature_object
    modifier.use_deform_preserve_volume = False
    return body_object


def _triangle_steps(name: str, vertices: np.ndarray, faces: np.ndarray) -> Incremental[bpy.types.Mesh]:
    """Create a mesh of vertices [V, 3] and triangles [F, 3] from arrays; `from_pydata` takes tens of milliseconds."""
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
    yield
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", faces.astype(np.int32).ravel())
    yield
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, 3, dtype=np.int32))
    mesh.update(calc_edges=True)
    return mesh


def limited_weights(weights: np.ndarray) -> np.ndarray:
    """Reduce weights [V, J] to the strongest four of each vertex, with sum 1, as game engines and FBX expect."""
    if ((weights > 0).sum(1) <= MAX_INFLUENCES).all():
        return weights
    strongest = np.argsort(weights, 1)[:, -MAX_INFLUENCES:]
    kept = np.zeros_like(weights)
    np.put_along_axis(kept, strongest, np.take_along_axis(weights, strongest, 1), 1)
    return kept / kept.sum(1, keepdims=True)


def _vertex_group_steps(body_object: bpy.types.Object, body: BodyData, bones: Mapping[str, str]) -> Incremental[None]:
    weights = limited_weights(body.weights)
    for joint, name in enumerate(body.joint_names):
        group = body_object.vertex_groups.new(name=bones[name])
        of_joint = weights[:, joint]
        group.add(np.flatnonzero(of_joint == 1).tolist(), 1.0, "REPLACE")  # in one call, as many have only this weight
        for vertex in np.flatnonzero((of_joint != 0) & (of_joint != 1)).tolist():
            group.add((vertex,), float(of_joint[vertex]), "REPLACE")
        yield
