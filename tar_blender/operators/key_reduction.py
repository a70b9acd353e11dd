"""Operator that removes keys within a tolerance."""

import bpy
from bpy.props import FloatProperty

from ..scene.key_reduction import Tolerance, reduce_keys
from ..util.blender_types import OperatorResult, view_layer_of
from ..util.registration import registration


class TAR_OT_reduce_keys(bpy.types.Operator):
    """Remove keys of the active object within a tolerance, so that the motion is easier to edit"""

    bl_idname = "tar.reduce_keys"
    bl_label = "Reduce Keys"
    bl_options = {"REGISTER", "UNDO"}
    degrees: FloatProperty(
        name="Rotations", description="Largest change of a rotation in degrees", default=1.0, min=0.01, soft_max=10.0
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
        obj = context.view_layer.objects.active  # may be hidden at this frame
        if obj is None or obj.animation_data is None or obj.animation_data.action is None:
            cls.poll_message_set("Select a person or an animated character")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        obj = view_layer_of(context).objects.active
        assert obj is not None  # see `poll`
        before, after = reduce_keys(obj, Tolerance(self.degrees, self.meters))
        self.report({"INFO"}, f"{obj.name}: kept {after} of {before} keys")
        return {"FINISHED"}


register, unregister = registration((TAR_OT_reduce_keys,))
