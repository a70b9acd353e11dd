"""Feet do not slide in the contacts that the Dope Sheet shows, on the body as Blender evaluates it."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.scene.contacts import contacts_of
from tar_core.body.data import load_body
from tar_core.cleanup.contacts import sole_vertices

DEMO = Path(__file__).parents[2] / "data" / "captured_demo.npz"


@pytest.mark.parametrize("rate", [None, 50])
def test_soles_of_the_demo_do_not_slide_in_contacts(rate: int | None, addon: None) -> None:
    scene = bpy.context.scene
    if rate is not None:
        scene.render.fps, scene.tar_settings.timing = rate, "scene"
    bpy.ops.tar.import_motion_file(filepath=str(DEMO))
    assert scene.render.fps == (rate or 60)
    armature, body = bpy.data.objects["Person 1"], bpy.data.objects["Person 1 Body"]
    first, contacts = contacts_of(armature)
    vertices, soles = sole_vertices(load_body()), []
    for frame in range(first, first + len(contacts)):
        scene.frame_set(frame)
        evaluated = body.evaluated_get(bpy.context.evaluated_depsgraph_get())
        soles.append([evaluated.matrix_world @ evaluated.data.vertices[vertex].co for vertex in vertices.tolist()])
    moved = np.linalg.norm(np.diff(np.array(soles), axis=0), axis=-1).reshape(-1, 2, 2)
    held = contacts[:-1] & contacts[1:]
    assert held.sum() >= 15
    assert moved.min(-1)[held].max() < 0.001 < moved.max()
