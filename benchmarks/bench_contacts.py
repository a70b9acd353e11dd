"""`make bench-contacts`: the time to lock or release a foot or a hand in a long clip, and how far they slide.

A clip of one person who stands and moves one foot is imported. A contact of the foot is locked, released, and found
again at different frames, as the buttons in the People panel do. The same is done with a hand of a person who leans
against a wall and sways. The figures are the slowest time of the whole operation, and its processor time. The first
change also computes what all people share; it is printed, but it is not in the figures.

Sliding is measured on the body as Blender evaluates it: in each frame of a contact, the movement of the slower one of
heel and toes, about which the foot may roll. `slide_locked_mm` is the largest one in contacts that were locked,
`slide_found_mm` in all contacts that the clean-up found in captured motion: tests/data/captured_demo.npz, and the files
that `--captured` names, also when the scene has another frame rate (`FRAME_RATES`). `slide_hand_mm` is the largest
movement of any vertex that follows the wrist alone, in contacts of the hand that were locked; without the contact, it
is `free_hand_mm`.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scripts.paths import REPOSITORY
from tar_core.arguments import positive_int
from tar_core.cleanup.contacts import sole_vertices
from tar_core.edits import FEET, Effector
from tar_core.motion import MotionClip
from tests.support.standing import BODY, clip_of, leaning_motion, stepping_motion

_LENGTH = 8  # frames that are locked
DEMO = REPOSITORY / "tests" / "data" / "captured_demo.npz"
FRAME_RATES = (None, 24)  # of the scene; None for that of the video


def body_of(armature: Any) -> Any:
    """The body of a person."""
    (body,) = (child for child in armature.children if child.type == "MESH")
    return body


def evaluated_points(armature: Any, vertices: list[int], frames: np.ndarray) -> np.ndarray:
    """Vertices [N, V, 3] of a person's evaluated body on scene frames [N], in the world, meters."""
    import bpy

    body, points = body_of(armature), []
    for frame in frames.tolist():
        bpy.context.scene.frame_set(int(frame))
        evaluated = body.evaluated_get(bpy.context.evaluated_depsgraph_get())
        points.append([evaluated.matrix_world @ evaluated.data.vertices[vertex].co for vertex in vertices])
    return np.array(points)


def hand_vertices(armature: Any) -> list[int]:
    """The vertices of the left hand that follow the wrist alone, not the fingers."""
    body = body_of(armature)
    wrist = body.vertex_groups["left_wrist"].index
    return [
        vertex.index
        for vertex in body.data.vertices
        if any(group.group == wrist and group.weight > 0.99 for group in vertex.groups)
    ]


def hand_movements(armature: Any, first: int) -> np.ndarray:
    """Movements [K] of vertices of the left hand between the frames of a contact that begins at `first`, mm."""
    points = evaluated_points(armature, hand_vertices(armature), first + np.arange(_LENGTH + 1))
    return np.asarray(1000 * np.linalg.norm(np.diff(points, axis=0), axis=-1).ravel())


def slides(armature: Any, first: int, contacts: np.ndarray) -> np.ndarray:
    """Movements [K] of the slower one of heel and toes between frames in contact, mm.

    Args:
        armature: of the person.
        first: the first scene frame.
        contacts: [N, 2] of the left and the right foot.
    """
    soles = evaluated_points(armature, sole_vertices(BODY).tolist(), first + np.arange(len(contacts)))
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
            moved.append(slides(armature, found[0], found[1][:, FEET]))
            print(f"{path.stem}, {armature.name}, {fps or 'video'} fps: {moved[-1].max(initial=0):.2f} mm", flush=True)
    return np.concatenate(moved)


@dataclass
class Times:
    """Seconds [K] of the operations: elapsed, and of the processor."""

    elapsed: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def change_contacts(
    clip: MotionClip, effector: Effector, measure: Callable[[Any, int], np.ndarray]
) -> tuple[Times, np.ndarray]:
    """Import a clip; lock, release and find a contact at several frames.

    Args:
        clip: of one person.
        effector: whose contact is changed.
        measure: movements [K] in the contact, mm, from the armature and the first frame.

    Returns:
        The times, and all movements while the contact was locked.
    """
    import bpy

    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    taken, locked = Times(), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "motion.npz"
        clip.save(path)
        bpy.ops.tar.import_motion_file(filepath=str(path))
        (armature,) = (obj for obj in bpy.data.objects if obj.type == "ARMATURE")
        count = len(clip.people[0])
        for number, first in enumerate(range(40, count - 40, max(1, count // 6))):
            for contact in ("lock", "release", "found"):
                started, processor = time.perf_counter(), time.process_time()
                bpy.ops.tar.set_contact(
                    person="Person 1", effector=effector, contact=contact, first=first, last=first + _LENGTH
                )
                taken.elapsed.append(time.perf_counter() - started)
                taken.processor.append(time.process_time() - processor)
                if contact == "lock":
                    locked.append(measure(armature, first))
            shown = ", ".join(f"{seconds:.2f} s" for seconds in taken.elapsed[3 * number :])
            print(f"{effector}, frame {first}: {shown}", flush=True)
    del taken.elapsed[0], taken.processor[0]
    return taken, np.concatenate(locked)


def free_hand(clip: MotionClip) -> float:
    """The largest movement of the left hand without a contact, mm."""
    import bpy

    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "motion.npz"
        clip.save(path)
        bpy.ops.tar.import_motion_file(filepath=str(path))
    (armature,) = (obj for obj in bpy.data.objects if obj.type == "ARMATURE")
    return max(float(hand_movements(armature, first).max()) for first in range(40, len(clip.people[0]) - 40, 100))


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the time to change a contact in Blender, and sliding.")
    parser.add_argument("--frames", type=positive_int, default=1000)
    parser.add_argument("--captured", type=Path, nargs="*", default=[], help="more motion files, without clean-up")
    arguments = parser.parse_args()

    import tar_blender

    tar_blender.register()
    left = np.tile([True, False], (_LENGTH + 1, 1))
    stepping, leaning = clip_of(stepping_motion(1.0, arguments.frames)), clip_of(leaning_motion(0.5, arguments.frames))
    feet, locked = change_contacts(stepping, "left_foot", lambda armature, first: slides(armature, first, left))
    hands, held = change_contacts(leaning, "left_hand", hand_movements)
    free = free_hand(leaning)
    found = np.concatenate([found_slides(path) for path in (DEMO, *arguments.captured)])
    print(
        f"FIGURE_CONTACTS resolve_{arguments.frames}_frames_s={max(feet.elapsed):.2f} "
        f"processor_s={max(feet.processor):.2f} slide_locked_mm={locked.max():.2f} slide_found_mm={found.max():.2f} "
        f"found_frames={len(found)} hand_s={max(hands.elapsed):.2f} hand_processor_s={max(hands.processor):.2f} "
        f"slide_hand_mm={held.max():.2f} free_hand_mm={free:.2f}"
    )
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # with the add-on registered, bpy 4.5 crashes in its normal exit
