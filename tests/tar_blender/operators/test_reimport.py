"""Re-import of a clip with other settings."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.scene.metadata import clip_record, imported_clips
from tests.support.clips import synthetic_clip
from tests.tar_blender.scene.test_keyframes import curves_of, values_of


def test_reimport_starts_from_the_captured_motion(imported: bpy.types.Collection) -> None:
    """Smoothing twice with the same strength gives the same result as smoothing once."""
    locations = []
    for smoothing in (0.0, 0.6, 0.6):
        assert bpy.ops.tar.reimport_clip(clip="Dance 01", smoothing=smoothing) == {"FINISHED"}
        curve = curves_of(bpy.data.objects["Person 1"].animation_data.action)['pose.bones["pelvis"].location', 0]
        locations.append(values_of(curve)[:, 1])
    assert np.abs(locations[1] - locations[0]).max() > 1e-6
    np.testing.assert_array_equal(locations[2], locations[1])
    assert sorted(bpy.data.objects.keys()) == ["Person 1", "Person 1 Body", "Person 2", "Person 2 Body", "TAR Camera"]
    assert len(bpy.data.actions) == len(bpy.data.armatures) == 2
    (collection,) = imported_clips(bpy.context.scene)
    assert collection.name == "Dance 01" and clip_record(collection).options["smoothing"] == pytest.approx(0.6)


def test_reimport_with_another_focal_length_and_frame_rate(imported: bpy.types.Collection) -> None:
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 24, 1
    far = synthetic_clip().people[0].trans[:, 2].mean()
    bpy.ops.tar.reimport_clip(
        clip=imported.name,
        focal_mode="pixels",
        focal_length=2 * synthetic_clip().focal_length,
        timing="scene",
        figure="armature",
    )
    assert bpy.context.scene.render.fps == 24 and not bpy.data.meshes
    bpy.context.scene.frame_set(20)
    distance = [bpy.data.objects["Person 1"].pose.bones["pelvis"].head.y]
    assert 1.4 * far < distance[0] < 2.6 * far


def test_reimport_leaves_deleted_people_out(imported: bpy.types.Collection) -> None:
    bpy.ops.tar.delete_person(person="Person 2")
    bpy.ops.tar.reimport_clip(clip=imported.name)
    assert sorted(bpy.data.objects.keys()) == ["Person 1", "Person 1 Body", "TAR Camera"]


def test_failed_reimport_leaves_the_clip_unchanged(imported: bpy.types.Collection, motion_file: Path) -> None:
    before = set(bpy.data.objects.keys())
    motion_file.unlink()
    with pytest.raises(RuntimeError, match="no longer in the cache"):
        bpy.ops.tar.reimport_clip(clip=imported.name)
    assert set(bpy.data.objects.keys()) == before
    assert "no longer in the cache" in bpy.context.window_manager.tar_progress.error
