"""The people list's buttons: select, look through the camera, hide, delete, import again with other settings."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import bpy
from bpy.props import FloatProperty, IntProperty, StringProperty
from mathutils import Matrix, Vector

from tar_core.amass import load_motion
from tar_core.body.data import load_body
from tar_core.errors import TarError

from ..panels.layout import draw_lens, draw_scene_settings
from ..properties.settings import LensSettings, SceneSettings, lens_focal_length
from ..scene.build import ImportedClip, ImportOptions, import_clip
from ..scene.floor import floor_transform, lowest_foot, move
from ..scene.key_reduction import Tolerance, reduce_keys
from ..scene.metadata import (
    ClipRecord,
    camera_of,
    clip_record,
    delete_clip,
    delete_person,
    given_camera,
    mark_clip,
    people_of,
    person_id,
    person_objects,
    set_hidden,
)
from ..util.report import refuse, sentence


class _PersonOperator:
    """Something done to the person of an armature."""

    bl_options: ClassVar = {"REGISTER", "UNDO", "INTERNAL"}  # a search would not say whom
    person: StringProperty(options={"HIDDEN"})

    def armature(self) -> bpy.types.Object:
        return bpy.data.objects[self.person]


class _ClipOperator:
    """Something done to the clip of a collection."""

    bl_options: ClassVar = {"REGISTER", "UNDO", "INTERNAL"}  # a search would not say which
    clip: StringProperty(options={"HIDDEN"})

    def collection(self) -> bpy.types.Collection:
        return bpy.data.collections[self.clip]

    def refuse_in_given_world(self) -> bool:
        """Tells that people who stand in the world of a camera of the user's cannot be moved away from it."""
        camera = given_camera(self.collection())
        if camera is not None:
            refuse(self, f"The clip stands in the world of {camera}; move that camera's world, and re-import")
        return camera is not None


class TAR_OT_select_person(_PersonOperator, bpy.types.Operator):
    """Select this person's armature alone and make it active"""

    bl_idname = "tar.select_person"
    bl_label = "Select"

    def execute(self, context: bpy.types.Context) -> set[str]:
        armature = self.armature()
        if context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        for thing in context.view_layer.objects:
            thing.select_set(False)
        armature.select_set(True)
        context.view_layer.objects.active = armature
        if armature.hide_viewport:
            self.report({"INFO"}, f"{armature.name} is not in the video at this frame")
        return {"FINISHED"}


class TAR_OT_show_frame(bpy.types.Operator):
    """Go to the first frame of this stretch, in which the motion may be wrong"""

    bl_idname = "tar.show_frame"
    bl_label = "Show"
    bl_options: ClassVar = {"REGISTER", "UNDO", "INTERNAL"}
    frame: IntProperty(options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.frame_set(self.frame)
        return {"FINISHED"}


class TAR_OT_reduce_keys(bpy.types.Operator):
    """Leave as few keys in the active object's motion as its curves need, so that it can be edited by hand"""

    bl_idname = "tar.reduce_keys"
    bl_label = "Reduce Keys"
    bl_options: ClassVar = {"REGISTER", "UNDO"}
    degrees: FloatProperty(
        name="Rotations", description="How far a rotation may be off, degrees", default=1.0, min=0.01, soft_max=10.0
    )
    meters: FloatProperty(
        name="Places",
        description="How far a place may be off",
        default=0.005,
        min=0.0001,
        soft_max=0.1,
        precision=3,
        unit="LENGTH",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        thing = context.view_layer.objects.active  # out of the video at this frame, perhaps, and so hidden
        if thing is None or thing.animation_data is None or thing.animation_data.action is None:
            cls.poll_message_set("Select a person, or a character that moves like one")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        thing = context.view_layer.objects.active
        before, after = reduce_keys(thing, Tolerance(self.degrees, self.meters))
        self.report({"INFO"}, f"{thing.name}: {after} keys of {before} are left")
        return {"FINISHED"}


class TAR_OT_hide_person(_PersonOperator, bpy.types.Operator):
    """Hide this person from the viewport, or show them again"""

    bl_idname = "tar.hide_person"
    bl_label = "Hide"

    def execute(self, context: bpy.types.Context) -> set[str]:
        set_hidden(self.armature(), not self.armature().hide_get())
        return {"FINISHED"}


class TAR_OT_delete_person(_PersonOperator, bpy.types.Operator):
    """Delete this person's armature, body and motion"""

    bl_idname = "tar.delete_person"
    bl_label = "Delete Person"

    def execute(self, context: bpy.types.Context) -> set[str]:
        _leave_other_modes(context, person_objects(self.armature()))
        delete_person(self.armature())
        return {"FINISHED"}


class TAR_OT_view_camera(_ClipOperator, bpy.types.Operator):
    """Look through this clip's camera, which sees the people as the video does"""

    bl_idname = "tar.view_camera"
    bl_label = "Look Through Camera"

    def execute(self, context: bpy.types.Context) -> set[str]:
        camera = camera_of(self.collection())
        if camera is None:
            return refuse(self, "The clip's camera is gone; re-import the clip")
        context.scene.camera = camera
        if isinstance(context.space_data, bpy.types.SpaceView3D):
            context.space_data.region_3d.view_perspective = "CAMERA"
        return {"FINISHED"}


class TAR_OT_feet_on_ground(_ClipOperator, bpy.types.Operator):
    """Move the clip, camera and people together, so that the lowest foot at this frame stands on z = 0"""

    bl_idname = "tar.feet_on_ground"
    bl_label = "Feet on Ground Here"

    def execute(self, context: bpy.types.Context) -> set[str]:
        if self.refuse_in_given_world():
            return {"CANCELLED"}
        try:
            height = lowest_foot(self.collection(), context.evaluated_depsgraph_get())
        except TarError as error:
            return refuse(self, error)
        move(self.collection().all_objects, Matrix.Translation((0, 0, -height)))
        return {"FINISHED"}


class TAR_OT_floor_from_objects(_ClipOperator, bpy.types.Operator):
    """Turn and move the clip, camera and people together, so that the three selected objects lie on z = 0"""

    bl_idname = "tar.floor_from_objects"
    bl_label = "Floor from 3 Objects"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if len(context.selected_objects) != 3:
            cls.poll_message_set("Select three objects that lie on the floor")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        if self.refuse_in_given_world():
            return {"CANCELLED"}
        chosen, camera = context.selected_objects, camera_of(self.collection())
        points = [thing.matrix_world.translation.copy() for thing in chosen]
        above = camera.matrix_world.translation if camera else points[0] + Vector((0, 0, 1))
        try:
            transform = floor_transform(points, above)
        except TarError as error:
            return refuse(self, error)
        move([*self.collection().all_objects, *chosen], transform)
        return {"FINISHED"}


class TAR_OT_delete_clip(_ClipOperator, bpy.types.Operator):
    """Delete the clip's people, camera and video background"""

    bl_idname = "tar.delete_clip"
    bl_label = "Delete Clip"

    def execute(self, context: bpy.types.Context) -> set[str]:
        _leave_other_modes(context, self.collection().all_objects)
        delete_clip(self.collection())
        return {"FINISHED"}


class TAR_OT_reimport_clip(LensSettings, SceneSettings, _ClipOperator, bpy.types.Operator):
    """Build the clip anew from its captured motion, without running the network. Changes made to it since are lost"""

    bl_idname = "tar.reimport_clip"
    bl_label = "Re-import with Other Settings"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        record = clip_record(self.collection())
        self.take_options(ImportOptions(**record.options))
        self.camera_mode = "video" if record.options.get("camera") is None else "animated"
        self.focal_mode = "auto"
        if record.options["focal_length"] is not None:
            self.focal_mode, self.focal_length = "pixels", record.options["focal_length"]
        return context.window_manager.invoke_props_dialog(self, width=340)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        draw_scene_settings(layout, self)
        draw_lens(layout, self)

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.tar_progress.clear_messages()
        try:
            imported = self._reimport(context)
        except TarError as error:
            context.window_manager.tar_progress.error = str(error)
            return refuse(self, error)
        for warning in imported.warnings:
            self.report({"WARNING"}, sentence(warning))
        return {"FINISHED"}

    def _reimport(self, context: bpy.types.Context) -> ImportedClip:
        """The new clip stands beside the old one before that is deleted, so a failure loses nothing."""
        old = self.collection()
        record = clip_record(old)
        if not (record and record.motion and Path(record.motion).is_file()):
            raise TarError("the clip's captured motion is no longer in the cache; import the video again")
        motion = load_motion(record.motion, load_body())
        wanted = {person_id(armature) for armature in people_of(old)}
        motion = replace(motion, people=[person for person in motion.people if person.person_id in wanted])
        camera = self._camera(context.scene, old)
        focal_length = None if camera else lens_focal_length(self, context.scene, motion.width, motion.height)
        options = self.import_options(focal_length, camera)
        _leave_other_modes(context, old.all_objects)
        imported = import_clip(motion, context, options)
        names = {thing: thing.name for thing in imported.collection.all_objects}
        name = old.name
        delete_clip(old)
        imported.collection.name = name
        for thing, given in names.items():  # without the .001 that the old ones' names forced on them
            thing.name = given.rpartition(".")[0] if given[-4:-3] == "." and given[-3:].isdigit() else given
        mark_clip(imported.collection, ClipRecord(record.motion, options.settings()))
        return imported

    def _camera(self, scene: bpy.types.Scene, old: bpy.types.Collection) -> str | None:
        """The camera that is taken as animated, if one is: the clip's given one, else the scene's."""
        if self.camera_mode != "animated":
            return None
        given = given_camera(old)
        if given is not None and given in bpy.data.objects:
            return given
        camera = self.scene_camera(scene)
        if scene.camera in set(old.all_objects):
            raise TarError("the scene's camera is the clip's own; make the one that you animated the scene's camera")
        return camera


def _leave_other_modes(context: bpy.types.Context, objects: list[bpy.types.Object]) -> None:
    """Objects that are being posed or edited cannot be deleted."""
    if context.mode != "OBJECT" and context.view_layer.objects.active in set(objects):
        bpy.ops.object.mode_set(mode="OBJECT")


_CLASSES = (
    TAR_OT_select_person,
    TAR_OT_show_frame,
    TAR_OT_hide_person,
    TAR_OT_delete_person,
    TAR_OT_reduce_keys,
    TAR_OT_view_camera,
    TAR_OT_feet_on_ground,
    TAR_OT_floor_from_objects,
    TAR_OT_delete_clip,
    TAR_OT_reimport_clip,
)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
