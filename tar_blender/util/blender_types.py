"""Access to Blender's data with definite types.

The type stubs declare members such as `Context.scene` as optional, and `Object.data` as a union of all types of data.
Most functions here return them with the type that they have wherever the add-on uses them.
"""

from typing import TYPE_CHECKING, Any, Literal, TypeVar

import bpy

T = TypeVar("T")

# Base classes of mixins for operators and panels, for type checking. At run time mixins are plain classes: only the
# classes that are registered inherit from Blender's types.
if TYPE_CHECKING:
    OperatorMixin = bpy.types.Operator
    PanelMixin = bpy.types.Panel
else:
    OperatorMixin = PanelMixin = object

OperatorResult = set[Literal["RUNNING_MODAL", "CANCELLED", "FINISHED", "PASS_THROUGH", "INTERFACE"]]


def data_of(owner: bpy.types.Object, kind: type[T]) -> T:
    """Return an object's data, which must be of type `kind`, e.g. `bpy.types.Armature`."""
    data = owner.data
    assert isinstance(data, kind), f"{owner.name} is not an object with data of type {kind.__name__}"
    return data


def find_object(name: str) -> bpy.types.Object | None:
    """Return the object of that name; None if the file has none."""
    found: Any = bpy.data.objects.get(name)  # the stubs declare it as None
    return found


def pose_bones(armature: bpy.types.Object) -> "bpy.types.bpy_prop_collection[bpy.types.PoseBone]":
    """Return the pose bones of an armature object."""
    assert armature.pose is not None, f"{armature.name} is not an armature"
    return armature.pose.bones


def scene_of(context: bpy.types.Context) -> bpy.types.Scene:
    """Return the context's scene."""
    assert context.scene is not None
    return context.scene


def view_layer_of(context: bpy.types.Context) -> bpy.types.ViewLayer:
    """Return the context's view layer."""
    assert context.view_layer is not None
    return context.view_layer


def preferences_of(context: bpy.types.Context) -> bpy.types.Preferences:
    """Return the user's preferences."""
    assert context.preferences is not None
    return context.preferences


def tag_redraw(context: bpy.types.Context, *area_types: str) -> None:
    """Redraw all areas of the given types, e.g. "VIEW_3D", in all windows."""
    manager: Any = context.window_manager
    for window in manager.windows:
        for area in window.screen.areas:
            if area.type in area_types:
                area.tag_redraw()
