"""The first use of the extension in a Blender window: a new user installs the zip file and imports a video.

    EXTENSION=... VIDEO=... PHONE_VIDEOS=... LONG_MOTION=... VARIABLE_VIDEO=... SCREENSHOTS=... PROJECT=... \\
        blender --no-window-focus -p 0 0 1280 800 --python tests/support/window_first_use.py

`make test-gui` runs it (gui.py), without network. It prints each click, and how long the steps take. The
result is saved in the file PROJECT, which window_editing.py opens. docs/images/panel.jpg is first_use.png.
"""

import os
import sys
import time
from pathlib import Path

import bpy

sys.path.append(str(Path(__file__).resolve().parents[2]))  # for the imports below

from tests.support.window_session import (
    DRAW_SECONDS,
    Session,
    Step,
    extension_module,
    play,
    screen_position,
    wait_until,
    xdotool,
)

sys.path.pop()  # the extension's modules must be those of the zip

CLICKS = (
    "drop the zip file into the window",
    "OK",
    "drop the video into the 3D Viewport",
    "Import Video Motion",
)


def first_use() -> Step:
    """Install, choose the video, import it, and save the file."""
    session = Session.of_window()
    assert not bpy.app.online_access
    began = time.monotonic()
    xdotool("mousemove", 400, 400)
    with session.override():
        bpy.ops.extensions.package_install_files("INVOKE_DEFAULT", filepath=os.environ["EXTENSION"])
    yield DRAW_SECONDS
    xdotool("key", "Return")
    yield from wait_until(lambda: hasattr(bpy.types, "TAR_PT_sidebar"))
    print_figure("install_seconds", time.monotonic() - began - DRAW_SECONDS)

    with session.override():
        bpy.ops.tar.choose_video("INVOKE_DEFAULT", filepath=str(session.video))  # as Blender does when it is dropped
    tab = extension_module("operators.choose_video").CATEGORY
    yield from wait_until(lambda: session.view.show_region_ui and session.region("UI").active_panel_category == tab)
    assert extension_module("engine.status").engine_trouble(bpy.context) == ""
    assert not extension_module("panels.engine").set_up_is_offered(bpy.context)
    print(extension_module("engine.status").engine_text(bpy.context))

    began = time.monotonic()
    session.start_import()
    yield from session.wait_for_progress(0.01)
    print_figure("start_seconds", time.monotonic() - began)
    yield from session.wait_for_import()
    assert not session.progress.error, session.progress.error
    print_figure("import_seconds", time.monotonic() - began)
    yield DRAW_SECONDS
    session.screenshot("first_use")
    check_view(session)
    check_motion()
    check_sound()
    print(*(f"click {number}: {click}" for number, click in enumerate(CLICKS, 1)), sep="\n")
    print_figure("clicks", len(CLICKS))
    print_figure("megabytes", Path(os.environ["EXTENSION"]).stat().st_size / 1e6)
    bpy.ops.wm.save_userpref()  # as Blender does when it quits
    bpy.ops.wm.save_as_mainfile(filepath=os.environ["PROJECT"])


def check_motion() -> None:
    """Check that somebody moves; a bystander may stand still."""
    armatures = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    assert armatures
    distances = []
    for armature in armatures:
        first, last = map(int, armature.animation_data.action.frame_range)
        places = []
        for frame in (first + 2, (first + last) // 2):
            bpy.context.scene.frame_set(frame)
            places.append(armature.matrix_world @ armature.pose.bones["left_wrist"].head)
        distances.append((places[0] - places[1]).length)
    assert max(distances) > 0.05, f"nobody moves: {distances}"


def check_view(session: Session) -> None:
    """Check that nothing covers the picture of the video in the viewport, and that it is not small."""
    region, corners = session.region(), [session.camera_position(0, 0), session.camera_position(1, 1)]
    with session.override():
        free = extension_module("util.preview").uncovered(bpy.context)
    left, top = screen_position(region, free.x0, free.y1)
    right, bottom = screen_position(region, free.x1, free.y0)
    assert all(left <= x <= right and top <= y <= bottom for x, y in corners), (corners, free)
    sizes = [abs(a - b) for a, b in zip(*corners, strict=True)]
    assert max(sizes[0] / (right - left), sizes[1] / (bottom - top)) > 0.9, (corners, free)


def check_sound() -> None:
    """Check that the sound of the video is played with the motion."""
    scene = bpy.context.scene
    editor = scene.sequence_editor
    (strip,) = editor.strips if hasattr(editor, "strips") else editor.sequences
    assert strip.type == "SOUND" and strip.name == "balance" and scene.sync_mode == "AUDIO_SYNC"


def print_figure(name: str, value: float) -> None:
    """Print a line that gui.py passes on."""
    print(f"FIGURE first_use_{name}={round(value, 1):g}", flush=True)


if __name__ == "__main__":
    play(first_use())
