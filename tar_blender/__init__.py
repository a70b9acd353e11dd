"""TAR in Blender: a video's people as animated SMPL characters.

Registration only. What is built in the scene is made by plain functions (see import_motion.py), which the panel, the
command line and scripts share.
"""

import importlib
import importlib.util
from types import ModuleType

# In this order: the panel draws what the others define.
_MODULES = (
    "properties.engine",
    "properties.settings",
    "properties.runtime",
    "properties.people_picker",
    "properties.retarget",
    "operators.engine",
    "operators.cache",
    "panels.preferences",
    "operators.draw_box",
    "panels.presets",
    "operators.import_video",
    "operators.import_motion",
    "operators.queue",
    "operators.people",
    "operators.floor",
    "operators.reimport",
    "operators.key_reduction",
    "operators.choose_video",
    "operators.retarget",
    "panels.sidebar",
    "panels.retarget",
    "headless.command",
)


def register() -> None:
    """Makes the preferences, the properties, the operators, the panel and the command known to Blender.

    Raises:
        RuntimeError: tar_core is missing.
    """
    if importlib.util.find_spec("tar_core") is None:
        raise RuntimeError(
            "tar_core is missing. The extension carries it as a wheel: install the zip that `make extension` builds, "
            "or put the repository's folder on Python's path"
        )
    for module in _modules():
        module.register()


def unregister() -> None:
    """Takes everything back."""
    for module in reversed(_modules()):
        module.unregister()


def _modules() -> list[ModuleType]:
    # Not imported above: without tar_core they cannot be, and the user should hear why.
    return [importlib.import_module(f".{name}", __package__) for name in _MODULES]
