"""Operators of the people list: select, hide, delete, look through the camera, go to a frame, hide the cube."""

import bpy
from bpy.props import IntProperty, StringProperty

from tar_core.errors import TarError

from ..scene.markers import go_to_shot
from ..scene.metadata import camera_of, check_local, person_objects, set_hidden
from ..scene.removal import delete_clip, delete_person
from ..scene.scene_settings import cube_in_the_way
from ..util.blender_types import OperatorResult, scene_of
from ..util.registration import registration
from ..util.report import refuse
from .show_imported import show_whole_picture
from .targets import ClipOperator, PersonOperator, leave_other_modes


class TAR_OT_select_person(PersonOperator, bpy.types.Operator):
    """Select only this person's armature and make it active"""

    bl_idname = "tar.select_person"
    bl_label = "Select"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        if self.refuse_outside_view_layer(context):
            return {"CANCELLED"}
        armature = self.armature()
        if context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        for obj in context.view_layer.objects:
            obj.select_set(False)
        armature.select_set(True)
        context.view_layer.objects.active = armature
        if armature.hide_viewport:
            self.report({"INFO"}, f"{armature.name} is not visible at this frame")
        return {"FINISHED"}


class TAR_OT_show_frame(bpy.types.Operator):
    """Go to the first frame of this range, which should be checked"""

    bl_idname = "tar.show_frame"
    bl_label = "Show"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}
    frame: IntProperty(options={"HIDDEN"})
    what: StringProperty(options={"HIDDEN"})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """What is to be checked comes first, since the button may be too narrow for it."""
        return f"{properties.what}.\n{cls.__doc__}" if properties.what else str(cls.__doc__)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.scene.frame_set(self.frame)
        return {"FINISHED"}


class TAR_OT_hide_person(PersonOperator, bpy.types.Operator):
    """Hide or show this person in the viewport"""

    bl_idname = "tar.hide_person"
    bl_label = "Hide"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        if self.refuse_outside_view_layer(context):
            return {"CANCELLED"}
        set_hidden(self.armature(), not self.armature().hide_get())
        return {"FINISHED"}


class TAR_OT_delete_person(PersonOperator, bpy.types.Operator):
    """Delete the armature, body and motion of this person. Objects that you parented to it stay where they are"""

    bl_idname = "tar.delete_person"
    bl_label = "Delete Person"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            check_local(self.armature())
        except TarError as error:
            return refuse(self, error)
        leave_other_modes(context, person_objects(self.armature()))
        delete_person(self.armature())
        return {"FINISHED"}


class TAR_OT_view_camera(ClipOperator, bpy.types.Operator):
    """Look through the camera of this clip, which matches the camera of the video"""

    bl_idname = "tar.view_camera"
    bl_label = "Look Through Camera"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        camera = camera_of(self.collection())
        if camera is None:
            return refuse(self, "The camera of the clip was deleted; re-import the clip")
        scene = scene_of(context)
        go_to_shot(scene, camera)
        scene.camera = camera
        if isinstance(context.space_data, bpy.types.SpaceView3D) and context.area is not None:
            context.space_data.region_3d.view_perspective = "CAMERA"
            show_whole_picture(context, context.area)
        return {"FINISHED"}


class TAR_OT_delete_clip(ClipOperator, bpy.types.Operator):
    """Delete the people, the camera and the background video of the clip. Your own objects in it are kept"""

    bl_idname = "tar.delete_clip"
    bl_label = "Delete Clip"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            check_local(self.collection())
        except TarError as error:
            return refuse(self, error)
        leave_other_modes(context, list(self.collection().all_objects))
        delete_clip(self.collection())
        return {"FINISHED"}


class TAR_OT_hide_cube(bpy.types.Operator):
    """Hide the cube of Blender's startup file, which is in front of the camera, in the viewport and in renders"""

    bl_idname = "tar.hide_cube"
    bl_label = "Hide Startup Cube"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        scene = scene_of(context)
        cube = cube_in_the_way(scene, scene.camera)
        if cube is None:
            return {"CANCELLED"}
        cube.hide_set(True)
        cube.hide_render = True
        return {"FINISHED"}


register, unregister = registration(
    (
        TAR_OT_select_person,
        TAR_OT_show_frame,
        TAR_OT_hide_person,
        TAR_OT_delete_person,
        TAR_OT_view_camera,
        TAR_OT_delete_clip,
        TAR_OT_hide_cube,
    )
)
