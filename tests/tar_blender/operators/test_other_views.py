"""Other videos of the same motion are listed, and become a part of the job."""

import shutil
from pathlib import Path

import bpy
import pytest

from tar_core.errors import TarError


@pytest.fixture
def videos(addon: None, tiny_video: Path, tmp_path: Path) -> list[Path]:
    """Three videos in one folder; the first one is chosen."""
    paths = [tmp_path / f"cam{number}.mp4" for number in (1, 2, 3)]
    for path in paths:
        shutil.copy(tiny_video, path)
    bpy.context.scene.tar_settings.video = str(paths[0])
    return paths


def add(*paths: Path) -> None:
    files = [{"name": path.name} for path in paths]
    assert bpy.ops.tar.add_views(directory=str(paths[0].parent), files=files) == {"FINISHED"}


def test_views_are_added_once_and_removed(videos: list[Path]) -> None:
    settings = bpy.context.scene.tar_settings
    add(*videos)  # the chosen video is no other view
    add(videos[2])
    assert settings.view_paths() == tuple(videos[1:])
    assert settings.job(bpy.context.scene, None).options.views == tuple(videos[1:])
    bpy.ops.tar.remove_view(index=0)
    assert settings.view_paths() == (videos[2],)


def test_views_belong_to_the_chosen_video(videos: list[Path]) -> None:
    add(videos[1])
    bpy.context.scene.tar_settings.video = str(videos[2])
    assert not bpy.context.scene.tar_settings.views


def test_a_missing_view_is_told_before_the_capture(videos: list[Path]) -> None:
    add(videos[1])
    videos[1].unlink()
    with pytest.raises(TarError, match=r"cam2\.mp4: no such video"):
        bpy.context.scene.tar_settings.job(bpy.context.scene, None)


def test_a_video_is_chosen_first(addon: None) -> None:
    assert not bpy.ops.tar.add_views.poll()
