"""Operators that import motion files, in the sidebar and the File menu."""

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ImportHelper

from tar_core.engine.protocol import Job
from tar_core.errors import TarError

from ..engine.request import ImportRequest
from ..util.blender_types import OperatorResult
from ..util.registration import registration
from .engine_job import EngineJobOperator, fail


class TAR_OT_import_motion_file(bpy.types.Operator, ImportHelper):  # type: ignore[misc]
    """Import a motion file (.npz) of TAR or AMASS"""

    bl_idname = "tar.import_motion_file"
    bl_label = "Import Motion File"

    if TYPE_CHECKING:
        filepath: str  # of ImportHelper
    filename_ext = ".npz"
    filter_glob: StringProperty(default="*.npz", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            # Another operator, since one that opens a file browser cannot be modal.
            bpy.ops.tar.build_motion_file(filepath=self.filepath)  # type: ignore[attr-defined]
        except RuntimeError as error:
            return fail(self, context, context.window_manager.tar_progress.error or error)
        return {"FINISHED"}


class TAR_OT_build_motion_file(EngineJobOperator, bpy.types.Operator):
    """Build the people of a motion file in the scene"""

    bl_idname = "tar.build_motion_file"
    bl_label = "Build Motion File"
    bl_options = {"INTERNAL"}

    filepath: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.window_manager.tar_progress.clear_messages()
        settings = context.scene.tar_settings
        try:
            options = settings.import_options(camera=settings.scene_camera(context.scene))
            request = ImportRequest(Job(str(Path(self.filepath).absolute())), options)
            if not request.is_motion:
                raise TarError(f"{self.filepath}: not a motion file; choose an .npz file")
            return self.start_or_queue(context, request)
        except TarError as error:
            return fail(self, context, error)


def _draw_in_file_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.operator(TAR_OT_import_motion_file.bl_idname, text="SMPL Motion, AMASS (.npz)")


_register, _unregister = registration((TAR_OT_import_motion_file, TAR_OT_build_motion_file))


def register() -> None:
    _register()
    bpy.types.TOPBAR_MT_file_import.append(_draw_in_file_menu)


def unregister() -> None:
    bpy.types.TOPBAR_MT_file_import.remove(_draw_in_file_menu)
    _unregister()
