"""BVH files reproduce the motion in the scene, as read by Blender, pybvh and the reader for training data."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.export.formats import save_scene
from tar_blender.scene.build import import_clip
from tar_core.errors import TarError
from tar_core.skeleton import SMPLH_JOINT_NAMES
from tests.support.characters import SMPL_BONES, heads_of
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options
from tests.support.readers import bvh_joints


def test_blender_reads_the_same_motion(tmp_path: Path) -> None:
    person = import_clip(synthetic_clip(), bpy.context, raw_options()).people[0].armature
    save_scene(tmp_path / "one.bvh")
    shown = {frame: heads_of(person, SMPL_BONES, frame) for frame in (4, 20, 50)}
    bpy.ops.import_anim.bvh(filepath=str(tmp_path / "one.bvh"), global_scale=0.01, frame_start=4)
    (copy,) = (obj for obj in bpy.data.objects if obj.type == "ARMATURE" and obj != person)
    for frame, expected in shown.items():
        read = heads_of(copy, SMPL_BONES, frame)
        for joint in SMPLH_JOINT_NAMES:
            np.testing.assert_allclose(read[joint], expected[joint], atol=1e-3, err_msg=f"{joint} at {frame}")


def test_pybvh_reads_the_same_motion(tmp_path: Path) -> None:
    person = import_clip(synthetic_clip(), bpy.context, raw_options()).people[0].armature
    shown = {frame: heads_of(person, SMPL_BONES, frame) for frame in (4, 20, 64)}
    save_scene(tmp_path / "one.bvh")
    joints, seconds = bvh_joints(tmp_path / "one.bvh")
    assert seconds == pytest.approx(1001 / 30000, rel=1e-6)
    for frame, expected in shown.items():
        read = joints(frame - 4)
        for joint in SMPLH_JOINT_NAMES:
            np.testing.assert_allclose(read[joint], expected[joint], atol=1e-4, err_msg=f"{joint} at {frame}")


def test_reader_for_training_data_reads_the_same_motion(tmp_path: Path) -> None:
    """The reader converts to meters with y up."""
    bvh = pytest.importorskip("tar_core.synthetic.bvh", reason="needs scipy, which Blender does not have")
    person = import_clip(synthetic_clip(), bpy.context, raw_options()).people[0].armature
    save_scene(tmp_path / "one.bvh")
    recording = bvh.read_bvh("one", (tmp_path / "one.bvh").read_text())
    assert recording.frame_time == pytest.approx(1001 / 30000, rel=1e-6)
    assert len(recording.positions) == 61
    to_blender = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    for frame in (4, 30, 64):
        shown = heads_of(person, SMPL_BONES, frame)
        for joint, name in enumerate(SMPLH_JOINT_NAMES[:22]):  # the reader ignores hands
            read = to_blender @ recording.positions[frame - 4, joint]
            np.testing.assert_allclose(read, shown[name], atol=1e-3, err_msg=f"{name} at {frame}")


def test_each_person_gets_a_file(tmp_path: Path) -> None:
    import_clip(synthetic_clip(people=2), bpy.context, raw_options())
    save_scene(tmp_path / "two.bvh")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["two.bvh", "two_person2.bvh"]
    assert (tmp_path / "two.bvh").read_text() != (tmp_path / "two_person2.bvh").read_text()


def test_scene_without_people_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TarError, match="no imported person"):
        save_scene(tmp_path / "none.bvh")
    assert not list(tmp_path.iterdir())
