"""Steps of the window session in scenes that the user works in."""

import tempfile
import time
from pathlib import Path

import bpy

from tests.support.clips import synthetic_clip
from tests.support.window_session import DRAW_SECONDS, Session, Step, wait_until
from tests.support.window_timing import Responsiveness

HEAVY_SUBDIVISIONS = 7  # of a sphere: 330,000 triangles are slow to draw without a graphics card


def import_in_heavy_scene(session: Session) -> Step:
    """Import 40 frames into a scene that is slow to draw; print how long Blender ignores input, and how often it draws.

    As many redraws as steps would take most of the time.
    """
    motion = Path(tempfile.mkdtemp()) / "short.npz"
    synthetic_clip(frames=40, first_frame=0).save(motion)
    with session.override():
        bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=HEAVY_SUBDIVISIONS)
        heavy = bpy.context.object.name
        bpy.ops.ed.undo_push(message="Add Sphere")
    yield DRAW_SECONDS
    session.progress.notice = ""
    responsiveness = Responsiveness(session.view)
    with session.override():
        bpy.ops.tar.build_motion_file("INVOKE_DEFAULT", filepath=str(motion))
    began = time.perf_counter()
    yield from wait_until(lambda: session.progress.notice or session.progress.error)
    assert not session.progress.error, session.progress.error
    responsiveness.print_figures("heavy", time.perf_counter() - began)
    session.screenshot("heavy")
    with session.override():
        bpy.ops.ed.undo()
    yield DRAW_SECONDS
    assert not [thing.name for thing in bpy.data.objects if thing.type == "ARMATURE"], "not undone"
    bpy.data.objects.remove(bpy.data.objects[heavy])
