"""A user in a real window: opens the tab, imports a video, looks at the result; a screenshot at each stage.

    VIDEO=... PICTURES=... TAR_ENGINE_PYTHON=... xvfb-run -a -s "-screen 0 1280x800x24" \\
        blender --no-window-focus -p 0 0 1280 800 --python tests/blender/window.py

Needs the installed extension and ImageMagick's `import`; docs/images/panel.png is made this way, in the trixie folder
of the matrix. Cancels twice first, by the button's operator and by Esc. Writes
idle.png, cancelled.png, running.png and done.png into PICTURES.
"""

import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

import bpy

PICTURES = Path(os.environ["PICTURES"])
LOOK_SECONDS = 1.5  # for the window to be drawn


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
    bpy.context.scene.tar_settings.video = os.environ["VIDEO"]
    yield LOOK_SECONDS
    photograph("idle")

    def start_import() -> None:
        with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
            bpy.ops.tar.import_video_motion("INVOKE_DEFAULT")

    before = left_by_imports()
    for cancel in (lambda: bpy.ops.tar.cancel_import(), press_escape):
        start_import()
        while progress.running and progress.fraction < 0.1:
            yield 0.1
        assert progress.running, progress.error
        cancel()
        for _ in range(50):  # tenths of a second
            if progress.running:
                yield 0.1
        assert not progress.running and progress.notice.startswith("Cancelled"), "the import was not cancelled"
        assert left_by_imports() == before, "a cancelled import left something"
    photograph("cancelled")

    start_import()
    while progress.running and progress.fraction < 0.5:
        yield 0.1
    photograph("running")
    while progress.running:
        yield 0.1
    if progress.error:
        raise RuntimeError(progress.error)

    bpy.context.scene.frame_set(40)
    view.region_3d.view_perspective = "CAMERA"
    with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
        bpy.ops.view3d.view_center_camera()
    yield 2 * LOOK_SECONDS
    photograph("done")


def left_by_imports() -> tuple[list[str], list[str], bool]:
    """What a cancelled import must not leave: objects, files of results, a running engine."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        children = True
    except ChildProcessError:
        children = False
    return bpy.data.objects.keys(), sorted(map(str, Path(tempfile.gettempdir()).glob("tar-*"))), children


def press_escape() -> None:
    """As the keyboard does it."""
    subprocess.run(["xdotool", "mousemove", "400", "400", "key", "Escape"], check=True)


def photograph(name: str) -> None:
    """Blender's own screenshots come out black without a graphics card."""
    subprocess.run(["import", "-window", "root", str(PICTURES / f"{name}.png")], check=True)


steps = play()


def next_step() -> float:
    try:
        return next(steps)
    except StopIteration:
        code = 0
    except Exception:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    os._exit(code)  # without asking whether to save


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(next_step, first_interval=LOOK_SECONDS)
