"""Bases of operators that act on one person or one clip."""

import bpy
from bpy.props import StringProperty

from ..scene.metadata import (
    given_camera,
)
from ..util.blender_types import OperatorMixin, view_layer_of
from ..util.report import refuse


class PersonOperator(OperatorMixin):
    """Acts on the person of an armature."""

    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # hidden from search, which could not name the person
    person: StringProperty(options={"HIDDEN"})

    def armature(self) -> bpy.types.Object:
        return bpy.data.objects[self.person]


class ClipOperator(OperatorMixin):
    """Acts on the clip of a collection."""

    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # hidden from search, which could not name the clip
    clip: StringProperty(options={"HIDDEN"})

    def collection(self) -> bpy.types.Collection:
        return bpy.data.collections[self.clip]

    def refuse_in_given_world(self) -> bool:
        """Report that a clip in the world of the user's own camera cannot be moved, if it is one."""
        camera = given_camera(self.collection())
        if camera is not None:
            refuse(self, f"The clip is placed in the world of camera {camera}; move that camera and re-import")
        return camera is not None


def leave_other_modes(context: bpy.types.Context, objects: list[bpy.types.Object]) -> None:
    """Go to Object Mode if one of the objects is being posed or edited, as it could not be deleted then."""
    if context.mode != "OBJECT" and view_layer_of(context).objects.active in objects:
        bpy.ops.object.mode_set(mode="OBJECT")
