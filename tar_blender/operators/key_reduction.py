"""Button that removes keys."""

from typing import ClassVar

import bpy
from bpy.props import FloatProperty

from ..scene.key_reduction import Tolerance, reduce_keys


class TAR_OT_reduce_keys(bpy.types.Operator):
    """Remove keys from the active object that its curves do not need, so that the motion is easy to edit"""

    bl_idname = "tar.reduce_keys"
    bl_label = "Reduce Keys"
    bl_options: ClassVar = {"REGISTER", "UNDO"}
    degrees: FloatProperty(
        name="Rotations", description="Largest change of a rotation, degrees", default=1.0, min=0.01, soft_max=10.0
    )
    meters: FloatProperty(
        name="Locations",
        description="Largest change of a location",
        default=0.005,
        min=0.0001,
        soft_max=0.1,
        precision=3,
        unit="LENGTH",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        thing = context.view_layer.objects.active  # may be hidden at this frame
        if thing is None or thing.animation_data is None or thing.animation_data.action is None:
            cls.poll_message_set("Select a person or an animated character")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        thing = context.view_layer.objects.active
        before, after = reduce_keys(thing, Tolerance(self.degrees, self.meters))
        self.report({"INFO"}, f"{thing.name}: kept {after} of {before} keys")
        return {"FINISHED"}


_CLASSES = (TAR_OT_reduce_keys,)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
