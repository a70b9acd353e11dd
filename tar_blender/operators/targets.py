"""Base classes of operators that act on one person or one clip."""

import bpy
from bpy.props import StringProperty

from ..scene.metadata import given_camera
from ..util.blender_types import OperatorMixin, view_layer_of
from ..util.report import refuse


class PersonOperator(OperatorMixin):
    """Base class of operators on a person, which is identified by the name of the armature."""

    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # INTERNAL: menu search cannot set the person
    person: StringProperty(options={"HIDDEN"})

    def armature(self) -> bpy.types.Object:
        return bpy.data.objects[self.person]

    def refuse_outside_view_layer(self, context: bpy.types.Context) -> bool:
        """Report an error if the person is not in the view layer, in which it cannot be selected or hidden."""
        is_outside = self.person not in view_layer_of(context).objects
        if is_outside:
            refuse(self, f"{self.person} is not in this view layer; enable its collection in the Outliner")
        return is_outside


class ClipOperator(OperatorMixin):
    """Base class of operators on a clip, which is identified by the name of the collection."""

    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # INTERNAL: menu search cannot set the clip
    clip: StringProperty(options={"HIDDEN"})

    def collection(self) -> bpy.types.Collection:
        return bpy.data.collections[self.clip]

    def refuse_in_given_world(self) -> bool:
        """Report an error if the clip is in the world of the user's camera, in which it cannot be moved."""
        camera = given_camera(self.collection())
        if camera is not None:
            refuse(self, f"The clip is placed in the world of camera {camera}; move that camera and re-import")
        return camera is not None


def poll_video(operator: type[OperatorMixin], context: bpy.types.Context) -> bool:
    """Whether a video is chosen in the sidebar, for `poll`; otherwise the button says why it is disabled."""
    is_chosen = bool(context.scene.tar_settings.video)
    if not is_chosen:
        operator.poll_message_set("Choose a video first")
    return is_chosen


def poll_no_import(operator: type[OperatorMixin], context: bpy.types.Context) -> bool:
    """Whether no import is running, for `poll`; otherwise the button says why it is disabled."""
    is_running = bool(context.window_manager.tar_progress.running)
    if is_running:
        operator.poll_message_set("An import is running; wait for it or cancel it")
    return not is_running


def leave_other_modes(context: bpy.types.Context, objects: list[bpy.types.Object]) -> None:
    """Leave the mode of an object that is posed or edited, since it cannot be deleted in that mode."""
    if context.mode != "OBJECT" and view_layer_of(context).objects.active in objects:
        bpy.ops.object.mode_set(mode="OBJECT")
