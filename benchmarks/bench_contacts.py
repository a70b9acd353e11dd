"""`make bench-contacts`: the time to lock or release a foot in a long clip, and how far feet in contact slide.

A clip of one person who stands and moves one foot is imported. A contact of the foot is locked, released, and found
again at different frames, as the buttons in the People panel do. The figures are the slowest time of the whole
operation, and its processor time. The first change also computes what all people share; it is printed, but it is not
in the figures.

Sliding is measured on the body as Blender evaluates it: in each frame of a contact, the movement of the slower one of
heel and toes, about which the foot may roll. `slide_locked_mm` is the largest one in contacts that were locked,
`slide_found_mm` in all contacts that the clean-up found in captured motion: tests/data/captured_demo.npz, and the files
that `--captured` names, also when the scene has another frame rate (`FRAME_RATES`).
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from scripts.paths import REPOSITORY
from tar_core.cleanup.contacts import sole_vertices
from tests.support.standing import BODY, clip_of, stepping_motion

_LENGTH = 8  # frames that are locked
DEMO = REPOSITORY / "tests" / "data" / "captured_demo.npz"
FRAME_RATES = (None, 24)  # of the scene; None for that of the video


def evaluated_soles(armature: Any, frames: np.ndarray) -> np.ndarray:
    """Heels and toes [N, 4, 3] of a person's evaluated body on scene frames [N], in the world, meters."""
    import bpy

    (body,) = (child for child in armature.children if child.type == "MESH")
    vertices, points = sole_vertices(BODY).tolist(), []
    for frame in frames.tolist():
        bpy.context.scene.frame_set(int(frame))
        evaluated = body.evaluated_get(bpy.context.evaluated_depsgraph_get())
        points.append([evaluated.matrix_world @ evaluated.data.vertices[vertex].co for vertex in vertices])
    return np.array(points)


def slides(armature: Any, first: int, contacts: np.ndarray) -> np.ndarray:
    """Movements [K] of the slower one of heel and toes between frames in contact, mm.

    Args:
        armature: of the person.
        first: the first scene frame.
        contacts: [N, 2] of the left and the right foot.
    """
    soles = evaluated_soles(armature, first + np.arange(len(contacts)))
    moved = 1000 * np.linalg.norm(np.diff(soles, axis=0), axis=-1).reshape(-1, 2, 2).min(-1)
    return np.asarray(moved[contacts[:-1] & contacts[1:]])


def found_slides(path: Path) -> np.ndarray:
    """Import captured motion; return the movements [K] in the contacts that were found, mm."""
    import bpy

    from tar_blender.scene.contacts import contacts_of

    moved = []
    for fps in FRAME_RATES:
        bpy.ops.wm.read_homefile(app_template="", use_empty=True)
        if fps is not None:
            bpy.context.scene.render.fps = fps
            bpy.context.scene.tar_settings.timing = "scene"
        bpy.ops.tar.import_motion_file(filepath=str(path))
        for armature in (obj for obj in bpy.data.objects if obj.type == "ARMATURE"):
            found = contacts_of(armature)
            assert found is not None
            moved.append(slides(armature, *found))
            print(f"{path.stem}, {armature.name}, {fps or 'video'} fps: {moved[-1].max(initial=0):.2f} mm", flush=True)
    return np.concatenate(moved)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the time to change a foot contact in Blender, and sliding.")
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--captured", type=Path, nargs="*", default=[], help="more motion files, without clean-up")
    arguments = parser.parse_args()

    import bpy

    import tar_blender

    tar_blender.register()
    clip = clip_of(stepping_motion(1.0, arguments.frames))
    taken, locked = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "walk.npz"
        clip.save(path)
        bpy.ops.tar.import_motion_file(filepath=str(path))
        (armature,) = (obj for obj in bpy.data.objects if obj.type == "ARMATURE")
        left = np.tile([True, False], (_LENGTH + 1, 1))
        for number, first in enumerate(range(40, arguments.frames - 40, max(1, arguments.frames // 6))):
            for contact in ("lock", "release", "found"):
                started, processor = time.perf_counter(), time.process_time()
                bpy.ops.tar.set_contact(
                    person="Person 1", effector="left_foot", contact=contact, first=first, last=first + _LENGTH
                )
                taken.append((time.perf_counter() - started, time.process_time() - processor))
                if contact == "lock":
                    locked.append(slides(armature, first, left))
            print(f"frame {first}: " + ", ".join(f"{seconds:.2f} s" for seconds, _ in taken[3 * number :]), flush=True)
    found = np.concatenate([found_slides(path) for path in (DEMO, *arguments.captured)])
    seconds, processor = (max(times) for times in zip(*taken[1:], strict=True))
    print(
        f"FIGURE_CONTACTS resolve_{arguments.frames}_frames_s={seconds:.2f} processor_s={processor:.2f} "
        f"slide_locked_mm={np.concatenate(locked).max():.2f} slide_found_mm={found.max():.2f} found_frames={len(found)}"
    )
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # with the add-on registered, bpy 4.5 crashes in its normal exit
