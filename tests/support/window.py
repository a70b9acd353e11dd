"""A scripted user session in a real Blender window, with a screenshot at each stage.

    VIDEO=... PHONE_VIDEOS=... LONG_MOTION=... VARIABLE_VIDEO=... FFMPEG=... SCREENSHOTS=... \\
        xvfb-run -a -s "-screen 0 1280x800x24" \\
        blender --no-window-focus -p 0 0 1280 800 --python tests/support/window.py

`make test-gui` runs it (gui.py). It needs the installed extension, xdotool and ImageMagick's `import`. window_steps.py,
window_import_steps.py, window_live_steps.py and window_scene_steps.py hold the steps. The last step starts another
import and kills this Blender, so the exit code is that of a killed program; killed.txt then holds the process IDs of
Blender and its engine. All screenshots go to the folder SCREENSHOTS.
"""

import sys
from pathlib import Path

# The installed extension's modules come first: the repository is only for this script's own imports.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from tests.support import window_import_steps as importing
from tests.support import window_live_steps as live
from tests.support import window_scene_steps as scenes
from tests.support import window_steps as user
from tests.support.window_session import Session, Step, play

STEPS = (
    user.open_sidebar,
    user.choose_video,
    user.view_engine_setup,
    user.view_preferences,
    importing.import_text_file,
    importing.record_missing_camera,
    live.record_live,
    live.stop_connecting,
    importing.cancel_imports,
    importing.kill_engine,
    importing.find_people,
    user.browse_frames_for_box,
    importing.import_drawn_box,
    user.view_backgrounds,
    importing.import_views,
    importing.import_long_motion,
    scenes.import_in_heavy_scene,
    importing.import_video,
    user.view_result,
    user.select_person,
    user.retarget_to_rigify,
    scenes.keep_props,
    scenes.link_to_second_scene,
    scenes.repeat_strip,
    scenes.retarget_appended_armature,
    scenes.import_variable_rate,
    importing.kill_blender,
)


def run_steps() -> Step:
    """Run all steps."""
    session = Session.of_window()
    for step in STEPS:
        print(f"step: {step.__name__}", flush=True)
        yield from step(session)


if __name__ == "__main__":
    play(run_steps())
