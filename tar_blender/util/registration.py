"""Registration of classes and properties with Blender."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import bpy
from bpy.props import PointerProperty


class Pointer(NamedTuple):
    """A property of one of Blender's types that holds a property group.

    Attributes:
        owner: the type, e.g. `bpy.types.Scene`.
        name: identifier of the property.
        group: the class of the property group.
    """

    owner: type
    name: str
    group: type


def registration(
    classes: Sequence[type], pointers: Sequence[Pointer] = ()
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return two functions that register and unregister classes, and then pointers to property groups."""
    pointer_property: Any = PointerProperty

    def register() -> None:
        for cls in classes:
            bpy.utils.register_class(cls)
        for owner, name, group in pointers:
            setattr(owner, name, pointer_property(type=group))

    def unregister() -> None:
        for owner, name, _ in reversed(pointers):
            delattr(owner, name)
        for cls in reversed(classes):
            bpy.utils.unregister_class(cls)

    return register, unregister
