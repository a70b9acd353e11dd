"""Renders from the matched camera."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.scene.build import import_clip
from tar_blender.scene.render import render_frame
from tar_core.motion import MotionClip
from tests.support.clips import STEP, synthetic_clip
from tests.support.import_options import raw_options

FRAME = 34  # smplx_points has its vertices: video frame 33, index 30 of the motion


@pytest.fixture
def alpha(clip: MotionClip, tmp_path: Path) -> np.ndarray:
    """Render one frame; return its alpha channel [H, W], top row first."""
    import_clip(clip, bpy.context, raw_options())
    before = _render_settings()
    render_frame(bpy.context.scene, FRAME, tmp_path / "frame.png", 320)
    assert _render_settings() == before
    image = bpy.data.images.load(str(tmp_path / "frame.png"))
    pixels = np.array(image.pixels, np.float32).reshape(image.size[1], image.size[0], 4)
    return pixels[::-1, :, 3]


def test_body_is_rendered_where_the_camera_saw_it(alpha: np.ndarray, smplx_points: dict[str, np.ndarray]) -> None:
    """The extents of the silhouette and of the projected vertices agree to two pixels."""
    clip = synthetic_clip()
    assert alpha.shape == (180, 320)
    vertices = smplx_points["vertices"][(FRAME - 1 - clip.people[0].frames[0]) // STEP]
    projected = clip.focal_length * vertices[:, :2] / vertices[:, 2:] + clip.principal_point
    expected = (projected + 0.5) * 320 / clip.width - 0.5
    rows, columns = np.nonzero(alpha > 0.5)
    assert abs(columns.min() - expected[:, 0].min()) < 2 and abs(columns.max() - expected[:, 0].max()) < 2
    assert abs(rows.min() - expected[:, 1].min()) < 2 and abs(rows.max() - expected[:, 1].max()) < 2


def test_background_is_transparent(alpha: np.ndarray) -> None:
    assert alpha[0, 0] == 0
    assert 0.005 < (alpha > 0.5).mean() < 0.5


def _render_settings() -> tuple[object, ...]:
    scene = bpy.context.scene
    return scene.render.engine, scene.render.resolution_x, scene.render.filepath, scene.view_settings.view_transform
