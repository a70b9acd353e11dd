"""Operator that removes keys within a tolerance."""

import bpy
from bpy.props import EnumProperty, FloatProperty

from ..editing.key_reduction import SHARED_BY, Tolerance, reduce_keys
from ..util.blender_types import OperatorResult, view_layer_of
from ..util.registration import registration
from ..util.waiting import with_wait_cursor


class TAR_OT_reduce_keys(bpy.types.Operator):
    """Keep keys only at poses of the active object, within a tolerance, so that the motion is easier to edit"""

    bl_idname = "tar.reduce_keys"
    bl_label = "Reduce Keys"
    bl_options = {"REGISTER", "UNDO"}
    shared_by: EnumProperty(
        name="Poses",
        description="Which bones are keyed on the same frames",
        items=[(name, *about) for name, about in SHARED_BY.items()],
    )
    degrees: FloatProperty(
        name="Rotations",
        description="Largest change of the rotation of a bone in degrees",
        default=Tolerance.degrees,
        min=0.01,
        soft_max=10.0,
    )
    meters: FloatProperty(
        name="Positions",
        description="Largest change of the position of a joint",
        default=Tolerance.meters,
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

    @with_wait_cursor
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        obj = view_layer_of(context).objects.active
        assert obj is not None  # see `poll`
        before, after = reduce_keys(obj, Tolerance(self.degrees, self.meters), self.shared_by)
        self.report({"INFO"}, f"{obj.name}: kept {after} of {before} keys")
        return {"FINISHED"}


register, unregister = registration((TAR_OT_reduce_keys,))
