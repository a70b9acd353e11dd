"""Operators that capture a video, and that scan it for people to select before the capture."""

from dataclasses import replace
from pathlib import Path

import bpy

from tar_core.body.genders import body_of_gender
from tar_core.engine.protocol import Job
from tar_core.errors import TarError

from ..engine.paths import body_file, engine_choices
from ..engine.request import ImportRequest
from ..properties.people_picker import selection_for_job, shot_for_job
from ..util.blender_types import OperatorResult
from ..util.registration import registration
from .engine_job import EngineJobOperator, fail
from .targets import poll_no_import, poll_video


class TAR_OT_import_video_motion(EngineJobOperator, bpy.types.Operator):
    """Import the people in the video as animated SMPL characters in front of a matching camera"""

    bl_idname = "tar.import_video_motion"
    bl_label = "Import Video Motion"
    bl_options = {"REGISTER"}  # not UNDO: a run that imports the queue, too, pushes one undo step per import

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_video(cls, context)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.window_manager.tar_progress.clear_messages()
        try:
            return self.start_or_queue(context, _request(context))
        except TarError as error:
            return fail(self, context, error)


class TAR_OT_find_people(EngineJobOperator, bpy.types.Operator):
    """Scan the video for people to select, without capturing their motion"""

    bl_idname = "tar.find_people"
    bl_label = "Find People"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_video(cls, context) and poll_no_import(cls, context)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.window_manager.tar_progress.clear_messages()
        settings = context.scene.tar_settings
        try:
            job = _with_preferences(context, settings.job(context.scene, None))
            job = replace(job, options=replace(job.options, people="all"), scan=True)
            return self.start(context, ImportRequest(job, settings.import_options()))
        except TarError as error:
            return fail(self, context, error)


def _request(context: bpy.types.Context) -> ImportRequest:
    """Create the import request from the settings.

    Raises:
        TarError: the settings are contradictory, or a file is missing.
    """
    settings = context.scene.tar_settings
    body = body_file(context) if settings.body == "smpl" else None
    if settings.body == "smpl" and body is None:
        raise TarError("no SMPL file is set; choose yours in the add-on's preferences, or set Body to Free Body")
    if body is not None and settings.gender != "file":
        body = str(body_of_gender(Path(body), settings.gender))
    selection = selection_for_job(context, str(settings.video_path)) if settings.people == "picked" else None
    job = _with_preferences(context, settings.job(context.scene, body, selection))
    if settings.people != "box":
        shot = shot_for_job(context, job.video, job.options.first_frame)
        job = replace(job, options=replace(job.options, shot=shot))
    return ImportRequest(job, settings.import_options(camera=settings.scene_camera(context.scene)))


def _with_preferences(context: bpy.types.Context, job: Job) -> Job:
    """Add the device, the checkpoint and the threads of the preferences to a job."""
    return replace(job, options=replace(job.options, **engine_choices(context)))


register, unregister = registration((TAR_OT_import_video_motion, TAR_OT_find_people))
