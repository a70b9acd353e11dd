"""Operator that replaces the motion of a clip by its captured motion, cleaned up with other settings."""

import bpy

from tar_core.errors import TarError

from ..panels.layout import draw_lens, draw_scene_settings
from ..properties.lens import LensSettings, lens_focal_length
from ..properties.settings import SceneSettings
from ..scene.metadata import (
    ClipRecord,
    clip_record,
    given_camera,
    mark_clip,
    objects_of,
)
from ..scene.options import ImportOptions
from ..scene.update import CapturedClip, update_steps
from ..util.blender_types import OperatorResult, scene_of
from ..util.incremental import Incremental
from ..util.registration import registration
from ..util.report import refuse, sentence
from .captured import DAMAGED, captured_motion
from .engine_job import fail
from .paced import PacedOperator
from .targets import ClipOperator, leave_other_modes


class TAR_OT_reimport_clip(LensSettings, SceneSettings, PacedOperator, ClipOperator, bpy.types.Operator):
    """Replace the keys of the clip's people and camera from the captured motion, without running the network"""

    bl_idname = "tar.reimport_clip"
    bl_label = "Re-import with Other Settings"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        record = clip_record(self.collection())
        try:
            if record is None:
                raise TarError(DAMAGED)
            options = ImportOptions.from_json(record.options)
        except TarError as error:
            return refuse(self, error)
        self.take_options(options)
        self.camera_mode = "video" if options.camera is None else "animated"
        self.focal_mode = "auto"
        if options.focal_length is not None:
            self.focal_mode, self.focal_length = "pixels", options.focal_length
        self.note_invoked()
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
        return self.run_paced(context, self._steps(context), self.clip)

    def report_error(self, context: bpy.types.Context, error: TarError) -> OperatorResult:
        return fail(self, context, error)

    def _steps(self, context: bpy.types.Context) -> Incremental[None]:
        collection = self.collection()
        motion, record = captured_motion(context, collection)
        scene = scene_of(context)
        camera = self._camera(scene, collection)
        focal_length = None if camera else lens_focal_length(self, scene, motion.width, motion.height)
        options = self.import_options(focal_length, camera)
        leave_other_modes(context, objects_of(collection))
        captured = CapturedClip(collection, motion, options)
        imported = yield from update_steps(captured, context, starts_to_change=lambda: self.starts_to_change(context))
        mark_clip(collection, ClipRecord(record.motion, options.to_json(), record.shot))
        for warning in imported.warnings:
            self.report({"WARNING"}, sentence(warning))

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
