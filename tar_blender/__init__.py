"""TAR in Blender: the people in a video as animated SMPL characters.

This module only registers the others. Plain functions build the scene (see scene/build.py); the panel, the headless
command and scripts all call them.
"""

import importlib
import importlib.util
from types import ModuleType

# Registered in this order: operators use properties, panels use both.
_MODULES = (
    "properties.engine",
    "properties.settings",
    "properties.runtime",
    "properties.people_picker",
    "properties.retarget",
    "util.preview",
    "operators.engine",
    "operators.cache",
    "operators.choose_video",
    "operators.other_views",
    "operators.draw_box",
    "operators.record",
    "operators.import_video",
    "operators.import_motion",
    "operators.queue",
    "operators.people",
    "operators.floor",
    "operators.reimport",
    "operators.person_edits",
    "operators.key_reduction",
    "operators.bone_shapes",
    "operators.ik_controls",
    "operators.editing",
    "operators.motion_assets",
    "operators.frame_rate",
    "operators.export_person",
    "operators.retarget",
    "panels.preferences",
    "panels.presets",
    "panels.people_overlay",
    "panels.sidebar",
    "panels.editing",
    "panels.retarget",
    "headless.command",
)


def register() -> None:
    """Register the preferences, properties, operators, panels and the command with Blender.

    Raises:
        RuntimeError: tar_core is missing.
    """
    if importlib.util.find_spec("tar_core") is None:
        raise RuntimeError(
            "tar_core is missing. The extension contains it as a wheel: install the zip that `make extension` builds, "
            "or add the folder of the repository to Python's path"
        )
    for module in _modules():
        module.register()


def unregister() -> None:
    """Unregister everything."""
    for module in reversed(_modules()):
        module.unregister()


def _modules() -> list[ModuleType]:
    # Not imported at the top, because without tar_core the import fails before `register` can report it.
    return [importlib.import_module(f".{name}", __package__) for name in _MODULES]
