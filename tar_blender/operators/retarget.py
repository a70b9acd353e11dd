"""Operators of the Retarget panel."""

import bpy
from bpy.props import StringProperty

from tar_core.errors import TarError

from ..retarget.retarget import retarget
from ..retarget.saved_maps import save_map
from ..util.blender_types import OperatorResult
from ..util.registration import registration
from ..util.report import refuse, sentence
from ..util.waiting import with_wait_cursor


class TAR_OT_retarget(bpy.types.Operator):
    """Bake the person's motion to the character as a new action with a key on every frame"""

    bl_idname = "tar.retarget"
    bl_label = "Retarget"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.tar_retarget
        if settings.source(context.view_layer.objects.active) is None:
            cls.poll_message_set("Choose the person to copy the motion from")
            return False
        if settings.target() is None:
            cls.poll_message_set("Choose the character, an armature of yours")
            return False
        return True

    @with_wait_cursor
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        settings = context.scene.tar_retarget
        try:
            person = settings.source(context.view_layer.objects.active)
            baked = retarget(person, settings.target(), settings.bone_map(), settings.kind, settings.options())
        except TarError as error:
            return refuse(self, error)
        self.report({"INFO"}, f"Baked the motion of {person.name} to {settings.character.name}: {baked.action.name}")
        settings.muted = "; ".join(baked.muted)
        settings.deviations = "; ".join(map(str, baked.deviations))
        for message in baked.messages():
            self.report({"WARNING" if baked.deviations else "INFO"}, sentence(message))
        return {"FINISHED"}


class TAR_OT_find_bones(bpy.types.Operator):
    """Find the character's bones by their names again. Changes to the list are lost"""

    bl_idname = "tar.find_bones"
    bl_label = "Find Bones"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.scene.tar_retarget.fill()
        return {"FINISHED"}


class TAR_OT_save_bone_map(bpy.types.Operator):
    """Save the list of bones and use it for all characters that have these bones"""

    bl_idname = "tar.save_bone_map"
    bl_label = "Save Bones"

    map_name: StringProperty(name="Name", description="Name for this kind of character", default="My Rig")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            path = save_map(self.map_name, context.scene.tar_retarget.bone_map())
        except TarError as error:
            return refuse(self, error)
        context.scene.tar_retarget.kind = path.stem
        return {"FINISHED"}


register, unregister = registration((TAR_OT_retarget, TAR_OT_find_bones, TAR_OT_save_bone_map))
