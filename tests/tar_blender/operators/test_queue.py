"""The queue of imports, cancelling, and the report of a failed import."""

import json
from pathlib import Path

import bpy
import pytest

from tar_blender.engine.request import ImportRequest
from tar_blender.operators.queue import import_report
from tar_blender.scene.options import ImportOptions
from tar_core.engine.protocol import Job
from tar_core.options import CaptureOptions

pytestmark = pytest.mark.usefixtures("addon")


def test_imports_are_queued_during_an_import(tiny_video: Path) -> None:
    progress, settings = bpy.context.window_manager.tar_progress, bpy.context.scene.tar_settings
    progress.running = True
    settings.video = str(tiny_video)
    for smoothing in (0.25, 0.5):
        settings.smoothing = smoothing
        assert bpy.ops.tar.import_video_motion() == {"FINISHED"}
    assert [queued.name for queued in progress.queue] == [tiny_video.name] * 2
    requests = [ImportRequest.from_json(queued.request) for queued in progress.queue]
    assert [request.options.smoothing for request in requests] == [0.25, 0.5]
    bpy.ops.tar.unqueue_import(index=0)
    assert [ImportRequest.from_json(queued.request) for queued in progress.queue] == requests[1:]


def test_only_a_running_import_can_be_cancelled() -> None:
    progress = bpy.context.window_manager.tar_progress
    assert not bpy.ops.tar.cancel_import.poll()
    progress.running = True
    assert bpy.ops.tar.cancel_import() == {"FINISHED"}
    assert progress.cancel_requested


def test_report_has_the_settings_without_the_boxes_of_a_selection() -> None:
    selection = [{"wanted": wanted, "boxes": [[0, 1, 2, 3, 4]]} for wanted in (True, False)]
    job = Job("/films/walk.mp4", CaptureOptions(every_frame=True, selection=selection))
    request = ImportRequest(job, ImportOptions(smoothing=0.5))
    progress = bpy.context.window_manager.tar_progress
    progress.error, progress.request, progress.log = "no such video", request.to_json(), "line 1\nline 2"
    report = import_report(progress)
    for wanted in ("Error: no such video", "every_frame: True", "smoothing: 0.5", "selection: 1 of 2", "line 2"):
        assert wanted in report
    assert "films" not in report and "boxes" not in report
    assert len(json.loads(progress.request)["job"]["selection"]) == 2
