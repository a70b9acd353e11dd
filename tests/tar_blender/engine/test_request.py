"""Import requests in the queue."""

from pathlib import Path

from tar_blender.engine.request import ImportRequest
from tar_blender.scene.options import ImportOptions
from tar_core.engine.protocol import Job
from tar_core.options import CaptureOptions, StartBox


def test_requests_survive_the_queue() -> None:
    wanted = CaptureOptions(start=3, end=9, people=2, fov=50.0, box=StartBox(4, (1.0, 2.0, 3.0, 4.0)))
    request = ImportRequest(Job("/walk.mp4", wanted), ImportOptions(start_frame=7, figure="armature", smoothing=0.5))
    assert ImportRequest.from_json(request.to_json()) == request
    assert request.video == Path("/walk.mp4")
    assert not request.is_motion


def test_motion_files_need_no_engine() -> None:
    assert ImportRequest(Job("/walk.NPZ"), ImportOptions()).is_motion
