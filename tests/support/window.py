"""A user in a real window: opens the tab, imports a video, looks at the result; a screenshot at each stage.

    VIDEO=... PHONES=... LONG_MOTION=... PICTURES=... TAR_ENGINE_PYTHON=... xvfb-run -a -s "-screen 0 1280x800x24" \\
        blender --no-window-focus -p 0 0 1280 800 --python tests/support/window.py

`make test-gui` runs it (gui.py): it needs the installed extension, xdotool and ImageMagick's `import`. Chooses a
video, looks how an engine is offered, and an update of an older one, opens the preferences, refuses a text file
renamed to .mp4, cancels twice, by the button's operator, and by Esc after an import that the menu search began, goes
on after an engine that was killed, looks who is there, draws a box around somebody with the mouse and imports them
alone, takes that back by one undo, looks at other videos behind the scene, phones' among them (gui.py), imports a
long motion file, then a video, and retargets to a Rigify rig. In the end another import runs and this Blender is
killed; killed.txt holds its process number and its engine's. Writes pictures of it all into PICTURES;
docs/images/panel.jpg is done.png.
"""

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d
from mathutils import Euler, Vector

PICTURES = Path(os.environ["PICTURES"])
GRAYS = Path(__file__).resolve().parents[1] / "data" / "twelve_greys.mp4"  # frame k is of gray 20 k
LOOK_SECONDS = 1.5  # for the window to be drawn
SHOWN = 5  # of the longest steps
DARKS = 8  # by which OpenGL without a card lightens dark grays at most
SCREEN_PIXEL = 5  # of the video's, at most, on a screen that shows it as small as this one


def play() -> Iterator[float]:
    """The user's steps; yields the seconds to wait before the next."""
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    regions = {region.type: region for region in area.regions}
    view = area.spaces.active
    progress = bpy.context.window_manager.tar_progress

    bpy.data.batch_remove(list(bpy.data.objects))
    view.show_region_ui = True
    yield LOOK_SECONDS
    regions["UI"].active_panel_category = "TAR"
    bpy.context.scene.tar_settings.video = os.environ["PHONES"] + "/"
    bpy.context.preferences.view.filebrowser_display_type = "SCREEN"
    with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
        bpy.ops.tar.choose_video("INVOKE_DEFAULT")
    yield LOOK_SECONDS
    (browser,) = (area.spaces.active for area in window.screen.areas if area.type == "FILE_BROWSER")
    browser.params.filename = Path(os.environ["VIDEO"]).name
    photograph("choose")
    press("Return")
    yield LOOK_SECONDS
    assert bpy.context.scene.tar_settings.video == os.environ["VIDEO"]
    photograph("idle")

    engine_python = os.environ.pop("TAR_ENGINE_PYTHON")
    area.tag_redraw()
    yield LOOK_SECONDS
    photograph("set_up")
    old = own_module("engine.paths").engine_folder()
    python = own_module("engine.setup").environment_python(old)
    python.parent.mkdir(parents=True)
    python.symlink_to(engine_python)
    info = {"tar_core": "0.0.9", "torch": "2.5.0", "device": "cpu", "seconds": 2.0}
    (old / own_module("engine.setup").READY).write_text(json.dumps(info))
    area.tag_redraw()
    yield LOOK_SECONDS
    photograph("update")
    shutil.rmtree(old)
    os.environ["TAR_ENGINE_PYTHON"] = engine_python

    area.type = "PREFERENCES"
    bpy.context.preferences.active_section = "ADDONS"
    bpy.context.window_manager.addon_search = "TAR"
    yield LOOK_SECONDS
    with bpy.context.temp_override(window=window, area=area):
        bpy.ops.preferences.addon_expand(module="bl_ext.user_default.tar_motion_capture")
    area.tag_redraw()
    yield LOOK_SECONDS
    photograph("preferences")
    area.type = "VIEW_3D"
    yield LOOK_SECONDS

    def start_import() -> None:
        with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
            bpy.ops.tar.import_video_motion("INVOKE_DEFAULT")

    def choose_from_menu_search(name: str) -> Iterator[float]:
        mouse("mousemove", 400, 400)
        with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
            bpy.ops.wm.search_menu("INVOKE_DEFAULT")  # F3, but Xvfb brings no function keys
        yield LOOK_SECONDS
        mouse("type", "--delay", 50, name)
        yield LOOK_SECONDS
        mouse("key", "Return")
        yield LOOK_SECONDS

    def take_back(people: int) -> Iterator[float]:
        names = [thing.name for thing in bpy.data.objects if thing.type == "ARMATURE"]
        assert not progress.error and len(names) == people, (progress.error, names)
        with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
            bpy.ops.ed.undo()
        yield LOOK_SECONDS
        assert left_by_imports() == before, "one undo takes an import back"
        bpy.context.scene.tar_settings.people = "picked"

    before = left_by_imports()
    not_a_video = Path(tempfile.mkdtemp()) / "holiday.mp4"
    not_a_video.write_text("a text file")
    bpy.context.scene.tar_settings.video = str(not_a_video)
    start_import()
    while progress.running:
        yield 0.1
    assert "holiday.mp4" in progress.error and left_by_imports() == before, (progress.error, left_by_imports())
    yield LOOK_SECONDS
    photograph("refused")
    press_escape()  # closes Blender's own report of it
    yield LOOK_SECONDS
    bpy.context.scene.tar_settings.video = os.environ["VIDEO"]

    for by_keyboard in (False, True):
        if by_keyboard:
            yield from choose_from_menu_search("Import Video Motion")
        else:
            start_import()
        while progress.running and progress.fraction < 0.1:
            yield 0.1
        assert progress.running, progress.error
        if by_keyboard:
            press_escape()
        else:
            bpy.ops.tar.cancel_import()
        for _ in range(50):  # tenths of a second
            if progress.running:
                yield 0.1
        assert not progress.running and progress.notice.startswith("Cancelled"), "the import was not cancelled"
        assert left_by_imports() == before, "a cancelled import left something"
    photograph("cancelled")

    start_import()
    while progress.running and progress.fraction < 0.1:
        yield 0.1
    engine_process().kill()
    while progress.running:
        yield 0.1
    assert "killed" in progress.error and left_by_imports() == before, (progress.error, left_by_imports())
    yield LOOK_SECONDS
    photograph("killed")
    press_escape()
    yield LOOK_SECONDS

    settings, look = bpy.context.scene.tar_settings, bpy.context.window_manager.tar_look
    settings.people = "picked"
    with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
        bpy.ops.tar.find_people("INVOKE_DEFAULT")
    while progress.running:
        yield 0.1
    assert not progress.error and len(look.people) == 2 and left_by_imports() == before, progress.error
    look.people[1].wanted = False
    yield LOOK_SECONDS
    photograph("pick")
    look.people[1].wanted = True

    def begin_to_draw_box() -> Iterator[float]:
        with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
            bpy.ops.tar.draw_box("INVOKE_DEFAULT")
        while area.type != "IMAGE_EDITOR":
            yield 0.1
        yield 2 * LOOK_SECONDS  # until the picture fits into it

    def go_to_next_frame() -> Iterator[float]:
        user = area.spaces.active.image_user
        wanted = user.frame_current + 1
        press("Right")
        while user.frame_current != wanted:
            yield 0.1
        yield LOOK_SECONDS

    settings.video, settings.people, settings.box_frame = str(GRAYS), "box", 2
    bpy.context.scene.frame_set(17)  # has nothing to do with it
    yield from begin_to_draw_box()
    for frame in (2, 3, 4):
        assert abs(color_on_screen(*on_screen(area, 32, 24))[0] - 20 * frame) <= 3, "another frame is shown"
        yield from go_to_next_frame()
    press_escape()
    yield LOOK_SECONDS
    assert area.type == "VIEW_3D" and settings.drawn_box() is None
    bpy.context.scene.frame_set(1)
    settings.video = os.environ["VIDEO"]

    frame, *box = json.loads(look.people[0].trace)["boxes"][-1]
    expected = [round(number) for number in box]
    settings.box_frame = int(frame) - 1
    yield from begin_to_draw_box()
    yield from go_to_next_frame()
    corners = [on_screen(area, x, y) for x, y in (expected[:2], expected[2:])]
    mouse("mousemove", *corners[0], "mousedown", "1")
    yield 0.2
    for part in (0.3, 0.6, 1.0):
        mouse("mousemove", *(round(a + part * (b - a)) for a, b in zip(*corners, strict=True)))
        yield 0.2
    yield LOOK_SECONDS
    photograph("box")
    mouse("mouseup", "1")
    yield LOOK_SECONDS
    drawn = settings.drawn_box()
    assert settings.box_frame == frame and drawn is not None, (settings.box_frame, drawn)
    assert all(abs(a - b) <= SCREEN_PIXEL for a, b in zip(drawn, expected, strict=True)), (drawn, expected)
    assert area.type == "VIEW_3D" and not bpy.data.images.get(Path(os.environ["VIDEO"]).name), "something is left"
    photograph("boxed")
    start_import()
    while progress.running:
        yield 0.1
    yield from take_back(people=1)

    yield from look_at_backgrounds(area)

    building = own_module("operators.import_video").TAR_OT_build_motion_file
    steps, parts = timed_steps(building), timed_parts(building)
    with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
        bpy.ops.tar.import_motion_file("INVOKE_DEFAULT", filepath=os.environ["LONG_MOTION"])
    yield LOOK_SECONDS
    progress.notice, begin = "", time.perf_counter()
    press("Return")
    while not progress.notice and not progress.error:
        yield 0.1
    print(f"{len(steps)} steps built the scene of a long motion file, in {time.perf_counter() - begin:.1f} s")
    print_longest(parts)
    print(f"FIGURE longest_step_of_long_file_ms={max(step.wall for step in steps):.1f}")
    yield from take_back(people=3)

    importing = own_module("operators.import_video").TAR_OT_import_video_motion
    steps, parts = timed_steps(importing), timed_parts(importing)
    start_import()
    while progress.running and progress.fraction < 0.5:
        yield 0.1
    photograph("running")
    while progress.running:
        yield 0.1
    if progress.error:
        raise RuntimeError(progress.error)
    looks = [step.wall for step in steps if not step.builds]
    builds = [step for step in steps if step.builds]
    took = sum(step.wall for step in builds)
    print(
        f"{len(looks)} looks at the engine; {len(builds)} steps of {took:.0f} ms in all built the scene, the longest:"
    )
    print_longest(parts)
    print(f"FIGURE longest_look_ms={max(looks):.1f}")
    print(f"FIGURE longest_step_ms={max(step.wall for step in builds):.1f}")
    print(f"FIGURE longest_step_processor_ms={max(step.processor for step in builds):.1f}")

    bpy.context.scene.frame_set(40)
    view.region_3d.view_perspective = "CAMERA"
    with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
        bpy.ops.view3d.view_center_camera()
    yield 2 * LOOK_SECONDS
    photograph("done")

    def scroll_sidebar_to_its_end() -> None:
        with bpy.context.temp_override(window=window, area=area, region=regions["UI"]):
            for _ in range(200):
                bpy.ops.view2d.scroll_down()

    with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
        bpy.ops.tar.select_person(person="Person 1")
    yield LOOK_SECONDS
    scroll_sidebar_to_its_end()
    yield LOOK_SECONDS
    photograph("people")

    rig = generated_rigify()
    settings = bpy.context.scene.tar_retarget
    settings.person, settings.character = bpy.data.objects["Person 1"], rig
    with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
        assert bpy.ops.tar.retarget() == {"FINISHED"}
    rig.location.x += 1.2  # beside the person
    rig.select_set(False)
    for bones in rig.data.collections_all:
        bones.is_visible = bones.name == "DEF"  # what moves the flesh, not the controls
    person = settings.person
    view.region_3d.view_perspective = "PERSP"
    view.region_3d.view_rotation = Euler((1.4, 0, -2.9)).to_quaternion()
    view.region_3d.view_location = person.matrix_world @ person.pose.bones["spine2"].head + Vector((0.6, 0, 0))
    view.region_3d.view_distance = 4
    view.overlay.show_extras = False  # the camera
    yield LOOK_SECONDS  # until the sidebar knows of its new panel
    scroll_sidebar_to_its_end()
    yield 2 * LOOK_SECONDS
    photograph("retarget")

    start_import()
    while progress.running and progress.fraction < 0.1:
        yield 0.1
    assert progress.running, progress.error
    print("the session was played to its end", flush=True)
    note = PICTURES / "killed"
    note.write_text(f"{os.getpid()} {engine_process().pid}")
    note.rename(note.with_suffix(".txt"))  # whole from its first moment
    os.kill(os.getpid(), signal.SIGKILL)


def look_at_backgrounds(area: bpy.types.Area) -> Iterator[float]:
    """Videos behind the scene: the right frame at each frame of the scene, and phones' videos upright."""
    scene, view = bpy.context.scene, area.spaces.active
    before, frame_before, looked = scene.camera, scene.frame_current, view.region_3d.view_matrix.copy()
    add_background = own_module("scene.camera").add_video_background
    camera = bpy.data.objects.new("Looks", bpy.data.cameras.new("Looks"))
    scene.collection.objects.link(camera)
    scene.camera, view.region_3d.view_perspective = camera, "CAMERA"
    view.overlay.show_floor = view.overlay.show_cursor = False
    for speed in (1, 0.5):
        add_background(camera, GRAYS, start_frame=11, speed=speed)
        for frame in (10, 11, 13, 16, 40):
            scene.frame_set(frame)
            yield LOOK_SECONDS
            wanted = 20 * min(max(int((frame - 11) * speed), 0), 11)
            seen = color_on_screen(*in_camera(area, 0.4, 0.4))
            assert all(abs(value - wanted) <= DARKS for value in seen), (speed, frame, seen)
        camera.data.background_images.clear()
        camera.data.animation_data_clear()
    size = scene.render.resolution_x, scene.render.resolution_y
    scene.render.resolution_x, scene.render.resolution_y = 240, 320
    for turn in (90, 180, 270):
        add_background(camera, Path(os.environ["PHONES"]) / f"{turn}.mp4", start_frame=1)
        yield LOOK_SECONDS
        quarters = [color_on_screen(*in_camera(area, x, y)) for y in (0.1, 0.9) for x in (0.1, 0.9)]
        names = ["".join("rgb"[i] for i in range(3) if color[i] > 127) for color in quarters]
        assert names == ["r", "g", "b", "rgb"], (turn, quarters)
        camera.data.background_images.clear()
    scene.render.resolution_x, scene.render.resolution_y = size
    view.overlay.show_floor = view.overlay.show_cursor = True
    view.region_3d.view_perspective, view.region_3d.view_matrix = "PERSP", looked
    bpy.data.cameras.remove(camera.data)
    scene.camera = before
    scene.frame_set(frame_before)


def generated_rigify() -> bpy.types.Object:
    """A generated Rigify rig, alone selected."""
    import addon_utils

    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    bpy.data.objects["metarig"].hide_set(True)
    rig = bpy.data.objects["rig"]
    for thing in bpy.context.view_layer.objects:
        thing.select_set(thing == rig)
    return rig


@dataclass(order=True)
class Span:
    """What the main thread was busy for, in milliseconds: by the clock, and what it had of the processor."""

    wall: float = 0.0
    processor: float = 0.0
    builds: bool = False
    place: str = ""

    @contextmanager
    def measured(self) -> Iterator[None]:
        clock, processor = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            self.wall = 1000 * (time.perf_counter() - clock)
            self.processor = 1000 * (time.thread_time() - processor)


def timed_steps(operator: type[bpy.types.Operator]) -> list[Span]:
    """Each step of an import from now on, and whether it builds the scene."""
    spans: list[Span] = []
    step = operator._step

    def timed(running: bpy.types.Operator, *arguments: object) -> object:
        spans.append(Span(builds=running._building is not None))
        with spans[-1].measured():
            return step(running, *arguments)

    operator._step = timed
    return spans


def timed_parts(operator: type[bpy.types.Operator]) -> list[Span]:
    """Each part, between two pauses, of what builds the scene from now on, and the line at which it ended."""
    spans: list[Span] = []
    start = operator._import_steps

    def timed(building: Generator) -> Generator:
        while True:
            spans.append(Span(place="the end"))
            try:
                with spans[-1].measured():
                    next(building)
            except StopIteration as end:
                return end.value
            spans[-1].place = place(building)
            yield

    operator._import_steps = lambda running, context: timed(start(running, context))
    return spans


def print_longest(parts: list[Span]) -> None:
    for part in sorted(parts)[-SHOWN:]:
        print(f"    {part.wall:.1f} ms, {part.processor:.1f} of the processor, until {part.place}")


def own_module(name: str) -> ModuleType:
    """A module of the installed extension."""
    (module,) = (module for path, module in sys.modules.items() if path.endswith(f".tar_blender.{name}"))
    return module


def place(building: Generator) -> str:
    """The line at which a generator pauses, or the one that it waits for."""
    while isinstance(building.gi_yieldfrom, Generator):
        building = building.gi_yieldfrom
    return f"{Path(building.gi_code.co_filename).name}:{building.gi_frame.f_lineno}"


def engine_process() -> subprocess.Popen:
    """Of the import that runs."""
    engines = (thing for thing in gc.get_objects() if type(thing).__name__ == "EngineProcess")
    return next(engine._process for engine in engines if engine._process.poll() is None)


def left_by_imports() -> tuple[list[str], list[str], bool]:
    """What a cancelled import must not leave: objects, files of results, a running engine."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        children = True
    except ChildProcessError:
        children = False
    return bpy.data.objects.keys(), sorted(map(str, Path(tempfile.gettempdir()).glob("tar-*"))), children


def on_screen(area: bpy.types.Area, x: float, y: float) -> tuple[int, int]:
    """Where a pixel of the video is that an image editor shows, as X counts: from the screen's top left corner."""
    region = main_region(area)
    width, height = area.spaces.active.image.size
    inside = region.view2d.view_to_region((x + 0.5) / width, 1 - (y + 0.5) / height, clip=False)
    return from_top_left(region, *inside)


def in_camera(area: bpy.types.Area, across: float, down: float) -> tuple[int, int]:
    """Where, as X counts, a place of the picture is that a 3D view shows through its camera: 0 to 1 from top left."""
    region, camera = main_region(area), bpy.context.scene.camera
    right_top, _, left_bottom, left_top = camera.data.view_frame(scene=bpy.context.scene)
    place = left_top + across * (right_top - left_top) + down * (left_bottom - left_top)
    return from_top_left(
        region, *location_3d_to_region_2d(region, area.spaces.active.region_3d, camera.matrix_world @ place)
    )


def main_region(area: bpy.types.Area) -> bpy.types.Region:
    return next(region for region in area.regions if region.type == "WINDOW")


def from_top_left(region: bpy.types.Region, x: float, y: float) -> tuple[int, int]:
    """A place in a region as X counts: from the screen's top left corner."""
    return round(region.x + x), round(bpy.context.window_manager.windows[0].height - region.y - y)


def color_on_screen(x: int, y: int) -> tuple[int, ...]:
    """Of a pixel: red, green and blue, 0 to 255."""
    where = ["-window", "root", "-crop", f"1x1+{x}+{y}", "-depth", "8", "rgb:-"]
    return tuple(subprocess.run(["import", *where], check=True, capture_output=True).stdout[:3])


def mouse(*arguments: object) -> None:
    """By xdotool, which also types."""
    subprocess.run(["xdotool", *map(str, arguments)], check=True)


def press(key: str) -> None:
    """As the keyboard does it."""
    mouse("mousemove", 400, 400, "key", key)


def press_escape() -> None:
    press("Escape")


def photograph(name: str) -> None:
    """Blender's own screenshots come out black without a graphics card."""
    subprocess.run(["import", "-window", "root", str(PICTURES / f"{name}.png")], check=True)


steps = play()


def next_step() -> float:
    try:
        return next(steps)
    except Exception:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(1)  # without asking whether to save


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(next_step, first_interval=LOOK_SECONDS)
