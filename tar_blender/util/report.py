"""Messages for the user, and the text of a bug report: versions, settings, the engine's last lines, no folders."""

import platform
import re
from collections.abc import Iterable
from pathlib import PurePath

import bpy

from tar_core import __version__

from .blender_types import OperatorResult

# /home/ann/x.py, C:\Users\ann\x.py, ~/x.py: everything but the last name may be private.
_FOLDERS = re.compile(r"""(?:[A-Za-z]:[\\/]|~?/)(?:[^\s\\/:"'<>|]+[\\/])+""")


def report_text(error: str, settings: dict[str, object], log: Iterable[str]) -> str:
    """Format a bug report.

    Args:
        error: the message in the panel.
        settings: the settings of the import that failed, by name.
        log: the engine's last lines.
    """
    lines = [
        f"TAR Motion Capture {__version__}, Blender {bpy.app.version_string}, "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        f"Error: {without_folders(error)}",
        "Settings:",
        *(f"  {name}: {_without_folder(value)}" for name, value in settings.items()),
        "Engine:",
        *(f"  {without_folders(line)}" for line in log),
    ]
    return "\n".join(lines) + "\n"


def sentence(text: str) -> str:
    """Capitalize the first letter of a message, as Blender does, unless the message starts with a file name."""
    return text[0].upper() + text[1:] if text.partition(" ")[0].isalpha() else text


def refuse(operator: bpy.types.Operator, reason: object) -> OperatorResult:
    """Report why an operator cannot run; return the operator's result."""
    operator.report({"ERROR"}, sentence(str(reason)))
    return {"CANCELLED"}


def without_folders(text: str) -> str:
    """Shorten each path in a text to its last name."""
    return _FOLDERS.sub(".../", text)


def _without_folder(value: object) -> object:
    """Shorten a setting that is a path to its last name; folders may have spaces in their names."""
    if isinstance(value, str) and ("/" in value or "\\" in value):
        return PurePath(value.replace("\\", "/")).name
    return value
