"""FBX files in centimeters, without scaled objects, in T-pose at rest, as read by three independent readers."""

from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.export.formats import save_each, save_scene
from tar_blender.scene.build import import_clip
from tar_blender.scene.face_keys import value_path
from tar_blender.scene.fcurves import curves_of
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.face_names import FACE_KEY_NAMES
from tar_core.motion import Floor, MotionClip
from tests.support.characters import SMPL_BONES, heads_of
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options
from tests.support.readers import Y_UP_TO_Z_UP, assimp_joints, assimp_scene, nodes_of

FRAMES = (4, 20, 50, 64)


def moving_camera_clip() -> MotionClip:
    """Return a clip whose camera rotates and moves, as the child of an empty."""
    clip = synthetic_clip()
    vectors, positions = np.linspace(
        [[0.0, 0, 0], [0, 0, 0]], [[0.1, 0.7, -0.2], [1, 0, 2]], clip.last_frame + 1, axis=1
    )
    return replace(
        clip, camera_trajectory=CameraTrajectory(0, vectors, positions), floor=Floor(np.array([0.1, -0.9, -0.3]), 1.4)
    )


def assert_same(read: dict[str, np.ndarray], expected: dict[str, np.ndarray], where: str) -> None:
    for joint, position in expected.items():
        np.testing.assert_allclose(read[joint], position, atol=1e-3, err_msg=f"{joint} {where}")


# Blender's older importer rounds 29.97 frames per second to 30.
@pytest.mark.parametrize(("importer", "fps"), [("import_scene.fbx", 30.0), ("wm.fbx_import", 30000 / 1001)])
def test_blender_reads_the_same_motion(importer: str, fps: float, tmp_path: Path) -> None:
    """Tests the older importer in Python and the newer one with ufbx, which Godot and other programs also use."""
    group, _, name = importer.partition(".")
    if name not in dir(getattr(bpy.ops, group)):
        pytest.skip("this version of Blender does not have the importer")
    person = import_clip(synthetic_clip(fps=fps), bpy.context, raw_options()).people[0].armature
    shown = {frame: heads_of(person, SMPL_BONES, frame) for frame in FRAMES}
    save_scene(tmp_path / "out.fbx")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    getattr(getattr(bpy.ops, group), name)(filepath=str(tmp_path / "out.fbx"))
    (armature,) = (obj for obj in bpy.data.objects if obj.type == "ARMATURE")
    first = round(armature.animation_data.action.frame_range[0])
    for frame, heads in shown.items():
        assert_same(heads_of(armature, SMPL_BONES, frame - 4 + first), heads, f"at {frame}")


def test_assimp_reads_the_same_motion_in_centimeters(clip: MotionClip, tmp_path: Path) -> None:
    options = raw_options(figure="armature", show_video=False)
    person = import_clip(clip, bpy.context, options).people[0].armature
    shown = {frame: heads_of(person, SMPL_BONES, frame) for frame in FRAMES}
    save_scene(tmp_path / "walk.fbx")
    scene = assimp_scene(tmp_path / "walk.fbx")
    (take,) = scene["animations"]
    assert take["name"] == "walk" and take["duration"] == 60
    assert take["tickspersecond"] == pytest.approx(clip.fps, rel=1e-4)
    joints = assimp_joints(scene, meters=0.01)
    for frame, heads in shown.items():
        assert_same(joints(frame - 4), heads, f"at {frame}")
    for name, node in nodes_of(scene).items():
        axes = np.reshape(node["transformation"], (4, 4))[:3, :3]
        np.testing.assert_allclose(np.linalg.norm(axes, axis=0), 1, atol=1e-3, err_msg=name)


def test_rest_pose_is_the_t_pose(clip: MotionClip, tmp_path: Path) -> None:
    """The bind pose of the skin, from the offset matrices, which map from the body to each bone."""
    person = import_clip(clip, bpy.context, raw_options()).people[0].armature
    rest = {name: np.array(person.data.bones[name].head_local) for name in SMPL_BONES}
    save_each(tmp_path / "out.fbx", [person])
    scene = assimp_scene(tmp_path / "out.fbx")
    assert "TAR Camera" not in nodes_of(scene)
    body = np.reshape(nodes_of(scene)["Person 1 Body"]["transformation"], (4, 4))
    bound = {}
    for mesh in scene["meshes"]:
        for bone in mesh["bones"]:
            matrix = body @ np.linalg.inv(np.reshape(bone["offsetmatrix"], (4, 4)))
            bound[bone["name"]] = 0.01 * Y_UP_TO_Z_UP @ matrix[:3, 3]
    assert len(bound) >= 22  # hands may have no vertices
    assert_same(bound, {name: rest[name] for name in bound}, "at rest")
    height = np.abs(bound["left_wrist"][2] - bound["left_shoulder"][2])
    assert height < 0.1, "the arms are stretched out"


def test_export_restores_the_scene(tmp_path: Path) -> None:
    imported = import_clip(moving_camera_clip(), bpy.context, raw_options())
    armature, body, camera = imported.people[0].armature, imported.people[0].body, imported.camera

    def state() -> list[object]:
        coordinates = np.empty(3 * len(body.data.vertices), np.float32)
        body.data.vertices.foreach_get("co", coordinates)
        curves = [curve for obj in (armature, camera) for curve in curves_of(obj)]
        keys = [tuple(point.co) for curve in curves for point in curve.keyframe_points]
        bones = [tuple(bone.head_local) for bone in armature.data.bones]
        data = [obj.data for obj in (armature, body, camera)]
        return [coordinates.tobytes(), keys, bones, data, camera.parent.location[:], camera.data.clip_end]

    before, kinds = state(), (len(bpy.data.armatures), len(bpy.data.meshes), len(bpy.data.cameras))
    bpy.context.view_layer.objects.active = armature
    armature.select_set(True)
    save_scene(tmp_path / "out.fbx")
    assert state() == before
    assert (len(bpy.data.armatures), len(bpy.data.meshes), len(bpy.data.cameras)) == kinds
    assert bpy.context.view_layer.objects.active == armature and bpy.context.selected_objects == [armature]
    assert bpy.context.scene.name == "Scene"


def test_camera_is_exported_at_its_position(tmp_path: Path) -> None:
    camera = import_clip(moving_camera_clip(), bpy.context, raw_options()).camera
    frame = bpy.context.scene.frame_start + 5
    bpy.context.scene.frame_set(frame)
    matrix, lens = np.array(camera.matrix_world), (camera.data.lens, camera.data.sensor_width)
    save_scene(tmp_path / "out.fbx")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.fbx(filepath=str(tmp_path / "out.fbx"), anim_offset=0.0)
    bpy.context.scene.frame_set(frame)
    data, read = bpy.data.objects["TAR Camera"].data, bpy.data.objects["TAR Camera"].matrix_world
    assert (data.lens, data.sensor_width) == pytest.approx(lens, rel=1e-5)
    np.testing.assert_allclose(np.array(read.translation), matrix[:3, 3], atol=1e-3)
    np.testing.assert_allclose(np.array(read.to_3x3().normalized()), matrix[:3, :3], atol=1e-3)


def test_other_objects_are_exported_without_changes(clip: MotionClip, tmp_path: Path) -> None:
    import_clip(clip, bpy.context, raw_options())
    bpy.ops.mesh.primitive_cube_add(size=2, location=(0, 0, 3))
    save_scene(tmp_path / "out.fbx")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.fbx(filepath=str(tmp_path / "out.fbx"))
    cube = bpy.data.objects["Cube"]
    np.testing.assert_allclose(np.array(cube.matrix_world.translation), [0, 0, 3], atol=1e-5)
    np.testing.assert_allclose(cube.dimensions, 2, atol=1e-5)


def test_captured_faces_keep_their_motion(tmp_path: Path) -> None:
    clip = synthetic_clip(frames=12)
    person = clip.people[0]
    jaw = np.linspace(0, 1, len(person))
    values = np.zeros((len(person), len(FACE_KEY_NAMES)))
    values[:, FACE_KEY_NAMES.index("jawOpen")] = jaw
    person = replace(person, face_values=values, face_confidence=np.ones(len(person)))
    import_clip(replace(clip, people=[person]), bpy.context, raw_options(show_video=False))
    save_scene(tmp_path / "face.fbx")
    before = set(bpy.data.shape_keys)
    bpy.ops.import_scene.fbx(filepath=str(tmp_path / "face.fbx"))
    (read,) = [keys for keys in bpy.data.shape_keys if keys not in before]
    assert [key.name for key in read.key_blocks[1:]] == list(FACE_KEY_NAMES)
    (curve,) = [curve for curve in curves_of(read) if curve.data_path == value_path("jawOpen")]
    found = np.array([point.co[1] for point in curve.keyframe_points])
    np.testing.assert_allclose(found[: len(jaw)], jaw, atol=1e-3)
