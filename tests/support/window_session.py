"""The window of a scripted session: mouse and keyboard, screenshots, and the extension's state. Runs inside Blender."""

import gc
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d

GRAYS = Path(__file__).resolve().parents[1] / "data" / "twelve_greys.mp4"  # frame k has the gray level 20 k
DRAW_SECONDS = 1.5  # until the window is drawn
POLL_SECONDS = 0.1

Step = Iterator[float]  # yields the seconds to wait before it is resumed


@dataclass(frozen=True)
class Session:
    """A window with one 3D viewport.

    Attributes:
        area: the viewport's area, which other editors may replace for a while.
        before: `leftovers()` at the start of the session, without objects in the scene.
        video, phone_videos, long_motion: a video, a folder of phones' videos and a motion file.
        variable_video: a video with a variable rate; the pictures of its frames are beside it (gui.py).
        screenshots: folder for the screenshots.
    """

    window: bpy.types.Window
    area: bpy.types.Area
    before: tuple[list[str], list[str], bool]
    video: Path
    phone_videos: Path
    long_motion: Path
    variable_video: Path
    screenshots: Path

    @classmethod
    def of_window(cls, removes_objects: bool = True) -> "Session":
        """Start a session in the window; environment variables name the files.

        Args:
            removes_objects: remove the objects that are there.
        """
        if removes_objects:
            bpy.data.batch_remove(list(bpy.data.objects))
        window = bpy.context.window_manager.windows[0]
        area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
        files = (
            Path(os.environ[name]) for name in ("VIDEO", "PHONE_VIDEOS", "LONG_MOTION", "VARIABLE_VIDEO", "SCREENSHOTS")
        )
        return cls(window, area, leftovers(), *files)

    @property
    def view(self) -> bpy.types.SpaceView3D:
        """The 3D viewport."""
        return self.area.spaces.active

    @property
    def progress(self) -> Any:
        """The extension's state of the import that is running."""
        return bpy.context.window_manager.tar_progress

    @property
    def settings(self) -> Any:
        """The extension's import settings."""
        return bpy.context.scene.tar_settings

    def region(self, kind: str = "WINDOW") -> bpy.types.Region:
        """The area's region of a type."""
        return next(region for region in self.area.regions if region.type == kind)

    def override(self, kind: str = "WINDOW") -> Any:
        """The context of operators that run in the area's region of a type."""
        return bpy.context.temp_override(window=self.window, area=self.area, region=self.region(kind))

    def start_import(self) -> None:
        """Press the import button."""
        with self.override():
            bpy.ops.tar.import_video_motion("INVOKE_DEFAULT")

    def wait_for_import(self) -> Step:
        """Wait until no import is running."""
        yield from wait_until(lambda: not self.progress.running)

    def wait_for_progress(self, fraction: float) -> Step:
        """Wait until a part of the video has been captured, or the import has ended."""
        yield from wait_until(lambda: not self.progress.running or self.progress.fraction >= fraction)

    def wait_for_preview(self) -> Step:
        """Wait until the people are drawn over the viewport, or the import has ended."""
        shown = extension_module("util.preview").is_preview_shown
        yield from wait_until(lambda: not self.progress.running or shown())

    def undo_import(self, people: int) -> Step:
        """Check that the scene has a number of people and that one undo step removes the import."""
        names = [thing.name for thing in bpy.data.objects if thing.type == "ARMATURE"]
        assert not self.progress.error and len(names) == people, (self.progress.error, names)
        with self.override():
            bpy.ops.ed.undo()
        yield DRAW_SECONDS
        assert leftovers() == self.before, "one undo step did not remove the import"
        assert not bpy.data.sounds and bpy.context.scene.sync_mode == "NONE", "one undo step did not remove the sound"
        self.settings.people = "picked"

    def screenshot(self, name: str) -> None:
        """Write a screenshot with ImageMagick: Blender's own are black without a graphics card."""
        subprocess.run(["import", "-window", "root", str(self.screenshots / f"{name}.png")], check=True)

    def scroll_sidebar_to_end(self) -> None:
        with self.override("UI"):
            for _ in range(200):
                bpy.ops.view2d.scroll_down()

    def scroll_sidebar_to_start(self) -> None:
        with self.override("UI"):
            for _ in range(200):
                bpy.ops.view2d.scroll_up()

    def image_pixel(self, x: float, y: float) -> tuple[int, int]:
        """The screen position of an image's pixel in the area's image editor."""
        width, height = self.area.spaces.active.image.size
        region = self.region()
        position = region.view2d.view_to_region((x + 0.5) / width, 1 - (y + 0.5) / height, clip=False)
        return screen_position(region, *position)

    def camera_position(self, across: float, down: float) -> tuple[int, int]:
        """The screen position of a point in the camera's image in the viewport's camera view.

        Args:
            across, down: fractions of the image's width and height from the top left corner.
        """
        region, camera = self.region(), bpy.context.scene.camera
        right_top, _, left_bottom, left_top = camera.data.view_frame(scene=bpy.context.scene)
        point = left_top + across * (right_top - left_top) + down * (left_bottom - left_top)
        position = location_3d_to_region_2d(region, self.view.region_3d, camera.matrix_world @ point)
        return screen_position(region, *position)


def play(steps: Step) -> None:
    """Play a session; at its end, Blender ends with exit code 0, or with 1 if a step fails."""
    bpy.context.preferences.view.show_splash = False
    bpy.app.timers.register(partial(_next_step, steps), first_interval=DRAW_SECONDS)


def _next_step(steps: Step) -> float:
    """Resume the steps, as a timer's function."""
    try:
        return next(steps)
    except StopIteration:
        code = 0
    except Exception:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    os._exit(code)  # without Blender's question whether to save the file


def wait_until(condition: Callable[[], bool]) -> Step:
    """Wait until a condition holds; the time limit of the whole session ends an endless wait."""
    while not condition():
        yield POLL_SECONDS


def screen_position(region: bpy.types.Region, x: float, y: float) -> tuple[int, int]:
    """The position of a region's point in X11's coordinates: pixels from the screen's top left corner."""
    return round(region.x + x), round(bpy.context.window_manager.windows[0].height - region.y - y)


def color_on_screen(x: int, y: int) -> tuple[int, ...]:
    """Red, green and blue of a pixel of the screen, 0 to 255."""
    crop = ["-window", "root", "-crop", f"1x1+{x}+{y}", "-depth", "8", "rgb:-"]
    return tuple(subprocess.run(["import", *crop], check=True, capture_output=True).stdout[:3])


def xdotool(*arguments: object) -> None:
    """Move the mouse, click, press keys or type text."""
    subprocess.run(["xdotool", *map(str, arguments)], check=True)


def press(key: str) -> None:
    """Press a key with the mouse in the viewport."""
    xdotool("mousemove", 400, 400, "key", key)


def extension_module(name: str) -> ModuleType:
    """A module of the installed extension, by its path below tar_blender."""
    (module,) = (module for path, module in sys.modules.items() if path.endswith(f".tar_blender.{name}"))
    return module


def operator_class(name: str) -> type[bpy.types.Operator]:
    """The Python class of a registered operator."""
    return bpy.types.Operator.bl_rna_get_subclass_py(name)


def engine_process() -> subprocess.Popen:
    """The engine process of the running import."""
    engines = (thing for thing in gc.get_objects() if type(thing).__name__ == "EngineProcess")
    return next(engine._process for engine in engines if engine._process.poll() is None)


def leftovers() -> tuple[list[str], list[str], bool]:
    """What a cancelled import must not leave: (names of objects, temporary files, whether a child process exists)."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        children = True
    except ChildProcessError:
        children = False
    return bpy.data.objects.keys(), sorted(map(str, Path(tempfile.gettempdir()).glob("tar-*"))), children
