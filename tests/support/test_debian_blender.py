"""Linking files into the folder of Debian's Blender."""

from pathlib import Path

from tests.support.debian_blender import link_tree


def test_linked_tree_leaves_out_the_names_to_skip(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "bpy").mkdir(parents=True)
    (source / "bpy" / "big").touch()
    (source / "kept").write_text("kept")
    link_tree(source, tmp_path / "target", skip=("bpy",))
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["kept"]
    assert (tmp_path / "target" / "kept").samefile(source / "kept")
