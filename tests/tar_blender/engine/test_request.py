from pathlib import Path

from tar_blender.engine.request import ImportRequest
from tar_blender.scene.build import ImportOptions
from tar_core.engine.client import CaptureJob


def test_requests_survive_the_queue() -> None:
    request = ImportRequest(CaptureJob("/walk.mp4", 3, 9, people=2, fov=50.0), ImportOptions(7, 0.5, with_body=False))
    assert ImportRequest.from_json(request.to_json()) == request
    assert request.video == Path("/walk.mp4")
