"""What users are told, and what a bug report needs: versions, settings, the engine's last lines, no folders."""

import platform
import re
from collections.abc import Iterable
from pathlib import PurePath

import bpy

from tar_core import __version__

# /home/ann/x.py, C:\Users\ann\x.py, ~/x.py: all but the last name is private.
_FOLDERS = re.compile(r"""(?:[A-Za-z]:[\\/]|~?/)(?:[^\s\\/:"'<>|]+[\\/])+""")


def report_text(error: str, settings: dict[str, object], log: Iterable[str]) -> str:
    """A report to paste.

    Args:
        error: what the panel says.
        settings: of the import that failed.
        log: the engine's last lines.
    """
    lines = [
        f"TAR Motion Capture {__version__}, Blender {bpy.app.version_string}, "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        f"Error: {without_folders(error)}",
        "Settings:",
        *(f"  {name}: {_shown(value)}" for name, value in settings.items()),
        "Engine:",
        *(f"  {without_folders(line)}" for line in log),
    ]
    return "\n".join(lines) + "\n"


def sentence(text: str) -> str:
    """A message as Blender's begin, with a capital; file names keep their small letters."""
    return text[0].upper() + text[1:] if text.partition(" ")[0].isalpha() else text


def refuse(operator: bpy.types.Operator, reason: object) -> set[str]:
    """Tells why an operator cannot do its work; gives what it is to return."""
    operator.report({"ERROR"}, sentence(str(reason)))
    return {"CANCELLED"}


def without_folders(text: str) -> str:
    """The text with paths cut down to their last names."""
    return _FOLDERS.sub(".../", text)


def _shown(value: object) -> object:
    """Settings that are paths lose their folders, those with spaces in their names too."""
    is_path = isinstance(value, str) and ("/" in value or "\\" in value)
    return PurePath(value.replace("\\", "/")).name if is_path else value
