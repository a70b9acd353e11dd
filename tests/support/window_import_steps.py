"""Steps of the window session that import: refused, cancelled, of killed engines, of drawn boxes, of long files."""

import json
import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bpy

from tests.support.window_session import (
    DRAW_SECONDS,
    POLL_SECONDS,
    Session,
    Step,
    color_on_screen,
    engine_process,
    extension_module,
    leftovers,
    operator_class,
    press,
    screen_position,
    wait_until,
    xdotool,
)
from tests.support.window_steps import go_to_next_frame, open_box_editor
from tests.support.window_timing import print_longest, timed_parts, timed_steps

BOX_TOLERANCE = 5  # pixels of the video; a screen of this size shows the video smaller than it is
COLOR_TOLERANCE = 25  # of a pixel of a picture that is drawn at another size
CANCEL_SECONDS = 15  # within which a cancelled import ends


def import_text_file(session: Session) -> Step:
    """Import a text file that is named like a video: an error message, and nothing else."""
    not_a_video = Path(tempfile.mkdtemp()) / "holiday.mp4"
    not_a_video.write_text("a text file")
    session.settings.video = str(not_a_video)
    session.start_import()
    yield from session.wait_for_import()
    assert "holiday.mp4" in session.progress.error and leftovers() == session.before, (
        session.progress.error,
        leftovers(),
    )
    yield DRAW_SECONDS
    session.screenshot("refused")
    press("Escape")  # closes Blender's own error message
    yield DRAW_SECONDS
    session.settings.video = str(session.video)


def record_missing_camera(session: Session) -> Step:
    """Record from a camera, which the chroot does not have: a dialog, then an error message, and nothing else."""
    xdotool("mousemove", 400, 400)
    with session.override():
        bpy.ops.tar.record_video("INVOKE_DEFAULT")
    yield DRAW_SECONDS
    session.screenshot("record")
    session.progress.error = ""  # of the step before
    xdotool("key", "Return")
    yield from wait_until(lambda: session.progress.error or session.progress.notice)
    yield from session.wait_for_import()
    assert "camera 0" in session.progress.error and leftovers() == session.before, session.progress.error
    yield DRAW_SECONDS
    press("Escape")  # closes Blender's own error message
    yield DRAW_SECONDS


def cancel_imports(session: Session) -> Step:
    """Cancel an import by the button, then, by Esc, one that was started from the menu search."""
    session.start_import()
    yield from cancel_import(session, bpy.ops.tar.cancel_import)
    yield from run_from_menu_search(session, "Import Video Motion")
    yield from cancel_import(session, lambda: press("Escape"))
    session.screenshot("cancelled")


def cancel_import(session: Session, cancel: Callable[[], object]) -> Step:
    """Cancel the running import once some frames are captured."""
    yield from session.wait_for_preview()
    assert session.progress.running, session.progress.error
    cancel()
    deadline = time.monotonic() + CANCEL_SECONDS
    yield from wait_until(lambda: not session.progress.running or time.monotonic() > deadline)
    assert not session.progress.running and session.progress.notice.startswith("Cancelled"), "not cancelled"
    assert leftovers() == session.before, "a cancelled import left something behind"
    assert not extension_module("util.preview").is_preview_shown(), "the preview was not removed"


def run_from_menu_search(session: Session, name: str) -> Step:
    """Run an operator from the menu search, by typing its name."""
    xdotool("mousemove", 400, 400)
    with session.override():
        bpy.ops.wm.search_menu("INVOKE_DEFAULT")  # instead of F3: Xvfb has no function keys
    yield DRAW_SECONDS
    xdotool("type", "--delay", 50, name)
    yield DRAW_SECONDS
    xdotool("key", "Return")
    yield DRAW_SECONDS


def kill_engine(session: Session) -> Step:
    """Kill the engine during an import: an error message, and nothing else."""
    session.start_import()
    yield from session.wait_for_progress(0.1)
    engine_process().kill()
    yield from session.wait_for_import()
    assert "killed" in session.progress.error and leftovers() == session.before, (session.progress.error, leftovers())
    yield DRAW_SECONDS
    session.screenshot("killed")
    press("Escape")
    yield DRAW_SECONDS


def find_people(session: Session) -> Step:
    """Scan the video for people. The one in the background is not selected at first; then select both."""
    session.settings.people = "picked"
    with session.override():
        bpy.ops.tar.find_people("INVOKE_DEFAULT")
    yield from session.wait_for_import()
    people = bpy.context.window_manager.tar_detected.people
    assert not session.progress.error and len(people) == 2 and leftovers() == session.before, session.progress.error
    assert [person.selected for person in people] == [True, False], "the bystander is selected"
    session.area.tag_redraw()
    yield DRAW_SECONDS
    session.screenshot("pick")
    check_picture_colors(session)
    bpy.context.scene.frame_set(70)
    people[1].selected = True
    yield DRAW_SECONDS
    session.screenshot("pick_later_frame")
    bpy.context.scene.frame_set(1)


def check_picture_colors(session: Session) -> None:
    """Check that the frame of the video in the viewport has its colors, at points outside the boxes."""
    preview, overlay = extension_module("util.preview"), extension_module("panels.people_overlay")
    image = extension_module("properties.people_picker").picked_scan(bpy.context).pictures.images[0]
    height, width = image.shape[:2]
    with session.override():
        margin = overlay._MARGIN * bpy.context.preferences.system.ui_scale
        area = preview.picture_area(width, height, preview.uncovered(bpy.context), margin, overlay._SHARE)
    for across, down in ((0.25, 0.9), (0.1, 0.85), (0.9, 0.9)):
        x, y = area.x0 + across * (area.x1 - area.x0), area.y1 - down * (area.y1 - area.y0)
        shown = color_on_screen(*screen_position(session.region(), x, y))
        expected = image[round(down * height), round(across * width)]
        assert all(abs(int(a) - b) <= COLOR_TOLERANCE for a, b in zip(expected, shown, strict=True)), (expected, shown)


def import_drawn_box(session: Session) -> Step:
    """Draw a box around a person with the mouse and import that person alone."""
    settings = session.settings
    frame, *box = json.loads(bpy.context.window_manager.tar_detected.people[0].job_entry)["boxes"][-1]
    expected = [round(number) for number in box]
    settings.people, settings.box_frame = "box", int(frame) - 1
    yield from open_box_editor(session)
    yield from go_to_next_frame(session)
    corners = [session.image_pixel(x, y) for x, y in (expected[:2], expected[2:])]
    xdotool("mousemove", *corners[0], "mousedown", "1")
    yield 0.2
    for part in (0.3, 0.6, 1.0):
        xdotool("mousemove", *(round(a + part * (b - a)) for a, b in zip(*corners, strict=True)))
        yield 0.2
    yield DRAW_SECONDS
    session.screenshot("box")
    xdotool("mouseup", "1")
    yield DRAW_SECONDS
    drawn = settings.drawn_box()
    assert settings.box_frame == frame and drawn is not None, (settings.box_frame, drawn)
    assert all(abs(a - b) <= BOX_TOLERANCE for a, b in zip(drawn, expected, strict=True)), (drawn, expected)
    assert session.area.type == "VIEW_3D" and not bpy.data.images.get(session.video.name), (
        "drawing left something behind"
    )
    session.screenshot("boxed")
    session.start_import()
    yield from session.wait_for_import()
    yield from session.undo_import(people=1)


def import_long_motion(session: Session) -> Step:
    """Import a motion file of three people and 10,000 frames and print the longest steps on the main thread."""
    operator = operator_class("TAR_OT_build_motion_file")
    steps, parts = timed_steps(operator), timed_parts(operator)
    with session.override():
        bpy.ops.tar.import_motion_file("INVOKE_DEFAULT", filepath=str(session.long_motion))
    yield DRAW_SECONDS
    session.progress.notice, begin = "", time.perf_counter()
    press("Return")
    yield from check_input_is_accepted(session)
    yield from wait_until(lambda: session.progress.notice or session.progress.error)
    seconds = time.perf_counter() - begin
    print(f"{len(steps)} steps built the scene of a long motion file in {seconds:.1f} s; the longest parts:")
    print_longest(parts)
    print(f"FIGURE longest_part_of_long_file_ms={max(part.wall for part in parts):.1f}")
    yield from session.undo_import(people=3)


def check_input_is_accepted(session: Session) -> Step:
    """While the motion is cleaned up, N hides and shows the sidebar."""
    cleaning = "Cleaning up the motion"
    yield from wait_until(lambda: session.progress.stage == cleaning)
    for is_shown in (False, True):
        press("n")
        while session.view.show_region_ui != is_shown:
            assert session.progress.stage == cleaning, "input is ignored"
            yield POLL_SECONDS


def import_video(session: Session) -> Step:
    """Import the selected people of the video and print the longest steps on the main thread."""
    operator = operator_class("TAR_OT_import_video_motion")
    steps, parts = timed_steps(operator), timed_parts(operator)
    session.start_import()
    yield from session.wait_for_progress(0.5)
    assert extension_module("util.preview").is_preview_shown(), "no preview"
    session.screenshot("running")
    yield from session.wait_for_import()
    assert not session.progress.error, session.progress.error
    assert not extension_module("util.preview").is_preview_shown(), "the preview was not removed"
    polls = [step for step in steps if not step.builds]
    builds = [step for step in steps if step.builds]
    total = sum(step.wall for step in builds)
    print(
        f"{len(polls)} polls of the engine; {len(builds)} steps built the scene in {total:.0f} ms; the longest parts:"
    )
    print_longest(parts)
    print(f"FIGURE longest_look_ms={max(step.wall for step in polls):.1f}")
    print(f"FIGURE longest_part_ms={max(part.wall for part in parts):.1f}")
    print(f"FIGURE longest_part_processor_ms={max(part.processor for part in parts):.1f}")


def import_views(session: Session) -> Step:
    """Import one person from the video and from that of another camera, as one clip; then undo the import."""
    settings = session.settings
    view = session.video.with_name("view.mp4")
    with session.override():
        bpy.ops.tar.add_views(directory=str(view.parent), files=[{"name": view.name}])
    assert settings.view_paths() == (view,)
    settings.people = "largest"
    session.area.tag_redraw()
    yield DRAW_SECONDS
    session.screenshot("views")
    session.start_import()
    yield from session.wait_for_import()
    assert not session.progress.error, session.progress.error
    yield DRAW_SECONDS
    session.screenshot("combined")
    yield from session.undo_import(people=1)
    with session.override():
        bpy.ops.tar.remove_view(index=0)
    settings.people = "all"


def kill_blender(session: Session) -> Step:
    """Kill this Blender during an import, after writing the process IDs of Blender and the engine to killed.txt."""
    session.start_import()
    yield from session.wait_for_progress(0.1)
    assert session.progress.running, session.progress.error
    print("all steps done", flush=True)
    note = session.screenshots / "killed"
    note.write_text(f"{os.getpid()} {engine_process().pid}")
    note.rename(note.with_suffix(".txt"))  # so that the file is complete when it appears
    os.kill(os.getpid(), signal.SIGKILL)
