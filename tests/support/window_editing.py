"""The session of a user who opens a file with imported motion and edits the motion.

    VIDEO=... PHONE_VIDEOS=... LONG_MOTION=... VARIABLE_VIDEO=... SCREENSHOTS=... \\
        blender --no-window-focus -p 0 0 1280 1200 PROJECT --python tests/support/window_editing.py

`make test-gui` runs it (gui.py), with the file that window_first_use.py has saved. window_editing_steps.py and
window_correction_steps.py hold the steps.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))  # for the imports below

from tests.support import window_correction_steps as correcting
from tests.support import window_editing_steps as editing
from tests.support.window_session import Session, Step, play

sys.path.pop()  # the extension's modules must be those of the zip

STEPS = (
    correcting.select_person,
    correcting.toggle_contact,
    correcting.apply_contact_keys,
    correcting.set_height,
    correcting.stand_on_floor,
    correcting.resolve_range,
    correcting.reimport,
    editing.view_tools,
    editing.add_controls,
    editing.add_layer,
    editing.swap_and_mirror,
    editing.take_from_other_person,
    editing.trim_and_loop,
    editing.move_travel,
    editing.reduce_keys,
    editing.create_asset,
    editing.export_person,
    editing.bake_frame_rate,
)


def run_steps() -> Step:
    """Run all steps."""
    session = Session.of_window(removes_objects=False)
    for step in STEPS:
        print(f"step: {step.__name__}", flush=True)
        yield from step(session)


if __name__ == "__main__":
    play(run_steps())
