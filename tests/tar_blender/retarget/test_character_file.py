"""Characters from files, retargeted without a window."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.export.formats import save_scene
from tar_blender.headless.command import EXIT_BAD_INPUT, main
from tar_blender.retarget.character_file import load_character
from tar_blender.retarget.known_rigs import KNOWN
from tar_blender.scene.build import import_clip
from tar_blender.scene.fcurves import curves_of
from tar_blender.scene.removal import delete_person
from tar_core.errors import TarError
from tests.support.characters import add_ik, add_root, make_character
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options


@pytest.fixture(params=[".blend", ".fbx"])
def hero(request: pytest.FixtureRequest, empty_scene: None, tmp_path: Path) -> Path:
    """A file with a character in T-pose that has Mixamo's bones."""
    (person,) = import_clip(synthetic_clip(), bpy.context, raw_options()).people
    make_character(person.armature, KNOWN["Mixamo"])
    delete_person(person.armature)
    path = tmp_path / f"hero{request.param}"
    save_scene(path)
    return path


@pytest.fixture
def motion(tmp_path: Path) -> Path:
    synthetic_clip(people=2).save(tmp_path / "motion.npz")
    return tmp_path / "motion.npz"


def test_every_person_is_replaced_by_the_character(hero: Path, motion: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.blend"
    assert main([str(motion), "-o", str(output), "--character", str(hero), "--fps", "12"]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(output))
    armatures = [obj for obj in bpy.data.objects if obj.type == "ARMATURE"]
    assert len(armatures) == 2 and not [obj for obj in armatures if obj.name.startswith("Person")]
    assert bpy.context.scene.render.fps / bpy.context.scene.render.fps_base == pytest.approx(12)
    for armature in armatures:
        hips = next(bone for bone in armature.pose.bones if bone.name.endswith("Hips"))
        positions = []
        for frame in (bpy.context.scene.frame_start + 2, bpy.context.scene.frame_end - 2):
            bpy.context.scene.frame_set(frame)
            positions.append(np.array(armature.matrix_world @ hips.head))
        assert np.linalg.norm(positions[1] - positions[0]) > 0.01


def test_root_motion_and_ik_of_a_character(empty_scene: None, motion: Path, tmp_path: Path) -> None:
    (person,) = import_clip(synthetic_clip(), bpy.context, raw_options()).people
    character = make_character(person.armature, KNOWN["Mixamo"])
    add_root(character, "Hips")
    add_ik(character, "LeftUpLeg", "LeftLeg", "LeftFoot", "Root")
    delete_person(person.armature)
    save_scene(tmp_path / "hero.blend")
    options = ["--character", str(tmp_path / "hero.blend"), "--limbs", "both", "--root-motion"]
    assert main([str(motion), "-o", str(tmp_path / "out.blend"), *options]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    armature = next(obj for obj in bpy.data.objects if obj.type == "ARMATURE")
    paths = [curve.data_path for curve in curves_of(armature)]
    for bone in ("Root", "LeftFoot IK", "LeftFoot Pole", "LeftLeg"):
        assert any(f'"{bone}"' in path for path in paths), bone


def test_unusable_files_are_reported_in_one_line(
    empty_scene: None, motion: Path, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    (tmp_path / "hero.txt").touch()
    (tmp_path / "broken.blend").write_bytes(b"not a .blend file")
    bpy.ops.wm.read_homefile(use_empty=True)
    save_scene(tmp_path / "empty.blend")
    for name, words in (
        ("hero.txt", "give one of"),
        ("gone.fbx", "no such character"),
        ("broken.blend", "cannot be read"),
        ("empty.blend", "no armature"),
    ):
        with pytest.raises(TarError, match=words):
            load_character(tmp_path / name)
        output = tmp_path / f"{name}.glb"
        assert main([str(motion), "-o", str(output), "--character", str(tmp_path / name)]) == EXIT_BAD_INPUT
        assert words in capfd.readouterr().err and not output.exists()
