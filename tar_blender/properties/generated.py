"""Blender properties that are derived from options (tar_core/option_fields.py)."""

import dataclasses
from typing import Any

from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from tar_core.option_fields import Option, options_of, value_type


def properties(cls: type) -> dict[str, Any]:
    """Create annotations for a property group or an operator: a property for each option that has one."""
    defaults = {field.name: field.default for field in dataclasses.fields(cls)}
    return {
        name: _property(value_type(cls, name), about, defaults[name])
        for name, about in options_of(cls).items()
        if about.blender
    }


def preset_names(cls: type) -> list[str]:
    """Names of the properties that presets contain."""
    return [name for name, about in options_of(cls).items() if about.blender and about.preset]


def _property(kind: type, about: Option, default: Any) -> Any:
    text: dict[str, Any] = {"name": about.label, "description": about.help}
    if about.choices:
        return EnumProperty(**text, items=about.choices, default=default)
    if kind is bool:
        return BoolProperty(**text, default=default)
    if kind is str:
        return StringProperty(**text, default=default)
    limits: dict[str, Any] = {"min": about.minimum, "max": about.maximum, "soft_max": about.soft_maximum}
    limits = {name: limit for name, limit in limits.items() if limit is not None}
    if kind is int:
        whole: dict[str, Any] = {name: int(limit) for name, limit in limits.items()}
        return IntProperty(**text, default=default, **whole)
    factor: dict[str, Any] = {"subtype": "FACTOR"} if (about.minimum, about.maximum) == (0, 1) else {}
    return FloatProperty(**text, default=default, **limits, **factor)
