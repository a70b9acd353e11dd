"""Operator that builds a clip again from its captured motion, with other settings."""

from dataclasses import replace

import bpy

from tar_core.amass import load_motion
from tar_core.body.data import load_body
from tar_core.errors import TarError

from ..engine.cache import find_motion
from ..engine.paths import cache_folder
from ..panels.layout import draw_lens, draw_scene_settings
from ..properties.lens import LensSettings, lens_focal_length
from ..properties.settings import SceneSettings
from ..scene.build import ImportedClip, import_clip
from ..scene.metadata import (
    ClipRecord,
    check_local,
    clip_record,
    delete_clip,
    given_camera,
    mark_clip,
    people_of,
    person_id,
)
from ..scene.options import ImportOptions
from ..util.blender_types import OperatorResult, scene_of
from ..util.registration import registration
from ..util.report import refuse, sentence
from .engine_job import fail
from .targets import ClipOperator, leave_other_modes

_DAMAGED = "the record of this clip is damaged; import the video again"


class TAR_OT_reimport_clip(LensSettings, SceneSettings, ClipOperator, bpy.types.Operator):
    """Build the clip again from its captured motion, without running the network. Manual changes are lost"""

    bl_idname = "tar.reimport_clip"
    bl_label = "Re-import with Other Settings"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        record = clip_record(self.collection())
        try:
            if record is None:
                raise TarError(_DAMAGED)
            options = ImportOptions.from_json(record.options)
        except TarError as error:
            return refuse(self, error)
        self.take_options(options)
        self.camera_mode = "video" if options.camera is None else "animated"
        self.focal_mode = "auto"
        if options.focal_length is not None:
            self.focal_mode, self.focal_length = "pixels", options.focal_length
        return context.window_manager.invoke_props_dialog(self, width=340)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        assert layout is not None
        layout.use_property_split = True
        layout.use_property_decorate = False
        draw_scene_settings(layout, self)
        draw_lens(layout, self)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.window_manager.tar_progress.clear_messages()
        try:
            imported = self._reimport(context)
        except TarError as error:
            return fail(self, context, error)
        for warning in imported.warnings:
            self.report({"WARNING"}, sentence(warning))
        return {"FINISHED"}

    def _reimport(self, context: bpy.types.Context) -> ImportedClip:
        """Build the new clip before the old one is deleted, so that a failure loses nothing."""
        old = self.collection()
        check_local(old)
        record = clip_record(old)
        if record is None:
            raise TarError(_DAMAGED)
        path = find_motion(record.motion, cache_folder(context))
        if path is None:
            raise TarError("the captured motion of the clip is no longer in the cache; import the video again")
        motion, *others = load_motion(path, load_body(), record.shot)
        if others:
            raise TarError(_DAMAGED)
        wanted = {person_id(armature) for armature in people_of(old)}
        motion = replace(motion, people=[person for person in motion.people if person.person_id in wanted])
        scene = scene_of(context)
        camera = self._camera(scene, old)
        focal_length = None if camera else lens_focal_length(self, scene, motion.width, motion.height)
        options = self.import_options(focal_length, camera)
        leave_other_modes(context, list(old.all_objects))
        first, last = scene.frame_start, scene.frame_end
        imported = import_clip(motion, context, options)
        if record.shot is not None:  # the other shots are still in the scene
            scene.frame_start, scene.frame_end = min(first, scene.frame_start), max(last, scene.frame_end)
        names = {obj: obj.name for obj in imported.collection.all_objects}
        name = old.name
        delete_clip(old)
        imported.collection.name = name
        for obj, given in names.items():  # without the .001 that Blender added while the old names were in use
            obj.name = given.rpartition(".")[0] if given[-4:-3] == "." and given[-3:].isdigit() else given
        mark_clip(imported.collection, ClipRecord(record.motion, options.to_json(), record.shot))
        return imported

    def _camera(self, scene: bpy.types.Scene, old: bpy.types.Collection) -> str | None:
        """Name of the animated camera to use, if any: the one that the clip was placed for, else the scene camera."""
        if self.camera_mode != "animated":
            return None
        given = given_camera(old)
        if given is not None and given in bpy.data.objects:
            return given
        camera = self.scene_camera(scene)
        if scene.camera in set(old.all_objects):
            raise TarError(
                "the active camera is the camera of the clip; make your animated camera the active camera of the scene"
            )
        return camera


register, unregister = registration((TAR_OT_reimport_clip,))
