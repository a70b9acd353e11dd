"""Steps of the editing session that correct a person: foot contacts, height, floor, Re-import."""

import time
from typing import Any

import bpy
import numpy as np

from tests.support.window_session import DRAW_SECONDS, Session, Step, extension_module, wait_until, xdotool
from tests.support.window_timing import Responsiveness

MIDDLE = 640, 500  # of the screen


def person() -> bpy.types.Object:
    """The armature of the active person."""
    return bpy.context.view_layer.objects.active


def dialog(session: Session, operator: Any, picture: str, **properties: object) -> Step:
    """Press a button that opens a dialog, take a picture of it, press OK and wait for the result."""
    xdotool("mousemove", *MIDDLE)
    with session.override():
        operator("INVOKE_DEFAULT", True, **properties)
    yield DRAW_SECONDS
    session.screenshot(picture)
    xdotool("key", "Return")
    yield DRAW_SECONDS
    yield from session.wait_for_import()
    assert not session.progress.error, session.progress.error
    yield DRAW_SECONDS


def undo(session: Session) -> Step:
    """Undo the last change."""
    with session.override():
        bpy.ops.ed.undo()
    yield DRAW_SECONDS


def keys() -> dict[tuple[str, int], np.ndarray]:
    """The keys [N, 2] of the curves of the active person's poses."""
    curves = extension_module("scene.fcurves").curves_of(person())
    return {
        (curve.data_path, curve.array_index): np.array([point.co for point in curve.keyframe_points])
        for curve in curves
    }


def differ(before: dict, after: dict) -> bool:
    """Whether any key has changed by more than the accuracy of its number; prints the largest change."""
    if any(before[name].shape != after[name].shape for name in before.keys() & after.keys()):
        print("other numbers of keys")
        return True
    changes = {name: float(np.abs(before[name] - after[name]).max()) for name in before.keys() & after.keys()}
    largest = max(changes, key=changes.__getitem__)
    print(f"largest change: {changes[largest]:.2g} of {largest}")
    return before.keys() != after.keys() or changes[largest] > 1e-4


def bone_position(name: str) -> np.ndarray:
    """The position [3] of a bone of the active person in the world, at the current frame."""
    posed = person().evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array(posed.matrix_world @ posed.pose.bones[name].head)


def contacts() -> tuple[int, np.ndarray]:
    """The first frame of the active person, and the keyed contacts [N, 2] of the feet."""
    return extension_module("scene.contacts").contacts_of(person())


def select_person(session: Session) -> Step:
    """Open the sidebar of the file that was saved, and click the person in the list."""
    session.view.show_region_ui = True
    yield DRAW_SECONDS
    session.region("UI").active_panel_category = extension_module("operators.choose_video").CATEGORY
    with session.override():
        bpy.ops.tar.select_person("INVOKE_DEFAULT", True, person="Person 1")
    bpy.context.scene.frame_set(30)
    yield DRAW_SECONDS
    session.screenshot("edit_person")


def toggle_contact(session: Session) -> Step:
    """Lock or release the left foot at a frame: first with all that a new session must compute, then again."""
    scene, before = bpy.context.scene, keys()
    timeline = next(area for area in session.window.screen.areas if area.type == "DOPESHEET_EDITOR")
    timeline.ui_type = "DOPESHEET"
    start, found = contacts()
    seconds = []
    for frame in (30, 40):
        scene.frame_set(frame)
        was_locked = contacts()[1][frame - start, 0]
        began = time.perf_counter()
        with session.override():
            bpy.ops.tar.set_contact("INVOKE_DEFAULT", True, person=person().name, effector="left_foot")
        seconds.append(time.perf_counter() - began)
        assert contacts()[1][frame - start, 0] != was_locked, "the contact was not toggled"
        yield DRAW_SECONDS
    print(f"FIGURE first_contact_seconds={seconds[0]:.2f}\nFIGURE next_contact_seconds={seconds[1]:.2f}")
    assert differ(before, keys()), "the motion has not changed"
    session.screenshot("contacts")
    yield from undo(session)
    yield from undo(session)
    assert (contacts()[1] == found).all() and not differ(before, keys()), "not undone"


def apply_contact_keys(session: Session) -> Step:
    """Move the contact keys of the left foot by hand, and apply them."""
    before, (start, found) = keys(), contacts()
    curve = next(
        curve for curve in extension_module("scene.fcurves").curves_of(person().data) if "Left" in curve.data_path
    )
    wanted = not found[35 - start, 0]
    for frame, value in ((32, wanted), (39, not wanted)):
        point = curve.keyframe_points.insert(frame, float(value))
        point.interpolation = "CONSTANT"
    curve.update()
    with session.override():
        bpy.ops.ed.undo_push(message="Move Keys")
        assert bpy.ops.tar.use_contact_keys("INVOKE_DEFAULT", True, person=person().name) == {"FINISHED"}
    assert contacts()[1][35 - start, 0] == wanted and differ(before, keys())
    yield DRAW_SECONDS
    session.screenshot("contact_keys")
    yield from undo(session)
    yield from undo(session)


def set_height(session: Session) -> Step:
    """Give the person a height in the dialog."""
    tall = np.linalg.norm(bone_position("head") - bone_position("left_ankle"))
    yield from dialog(session, bpy.ops.tar.set_height, "height", person=person().name, height=190)
    assert extension_module("scene.metadata").edits_of(person()).height == np.float32(190) / 100
    taller = np.linalg.norm(bone_position("head") - bone_position("left_ankle"))
    assert taller > 1.01 * tall, (tall, taller)
    session.screenshot("height_set")
    yield from undo(session)


def stand_on_floor(session: Session) -> Step:
    """Stand on the floor, and back."""
    before = keys()
    for is_standing in (True, False):
        with session.override():
            bpy.ops.tar.stand_on_floor("INVOKE_DEFAULT", True, person=person().name)
        yield from session.wait_for_import()
        yield DRAW_SECONDS
        assert extension_module("scene.metadata").edits_of(person()).on_floor == is_standing
        if is_standing:
            session.screenshot("on_floor")
    assert not differ(before, keys()), "the motion is another one"


def resolve_range(session: Session) -> Step:
    """Change a key by hand, and bring the captured motion back in a range."""
    before = keys()
    bone = person().pose.bones["left_elbow"]
    bone.rotation_quaternion = (1, 0, 0, 0)
    bone.keyframe_insert("rotation_quaternion", frame=bpy.context.scene.frame_current)
    assert differ(before, keys())
    yield from dialog(session, bpy.ops.tar.resolve_range, "resolve_range", person=person().name)
    assert not differ(before, keys()), "the captured motion is not back"


def reimport(session: Session) -> Step:
    """Re-import with other settings; meanwhile, the view can be turned."""
    before, running = keys(), []
    xdotool("mousemove", *MIDDLE)
    with session.override():
        (clip,) = extension_module("scene.metadata").imported_clips(bpy.context.scene)
        bpy.ops.tar.reimport_clip("INVOKE_DEFAULT", True, clip=clip.name)
    yield DRAW_SECONDS
    session.screenshot("reimport_dialog")
    responsiveness = Responsiveness(session.view)
    xdotool("key", "Return")
    began = time.perf_counter()
    yield from wait_until(lambda: session.progress.running or time.perf_counter() - began > 5)
    running.append(session.progress.running)
    session.screenshot("reimport_running")
    yield from session.wait_for_import()
    responsiveness.print_figures("reimport", time.perf_counter() - began)
    assert running == [True], "Blender was blocked"
    assert not session.progress.error, session.progress.error
    yield DRAW_SECONDS
    assert not differ(before, keys()), "the same settings give another motion"
    session.screenshot("reimport_done")
