"""Repair of settings that a .blend file contains. Blender does not check them when it opens the file."""

from typing import Any

import bpy

_NUMBERS = ("INT", "FLOAT")


def reset_invalid(settings: bpy.types.PropertyGroup) -> list[str]:
    """Reset numbers that are out of their range and values that an enumeration lacks; return their labels."""
    properties: Any = settings.bl_rna.properties
    invalid = [about for about in properties if not _is_valid(getattr(settings, about.identifier), about)]
    for about in invalid:
        settings.property_unset(about.identifier)
    return [about.name for about in invalid]


def _is_valid(value: Any, about: Any) -> bool:
    if about.type == "ENUM":
        return value in about.enum_items
    return about.type not in _NUMBERS or about.hard_min <= value <= about.hard_max
