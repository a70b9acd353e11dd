"""The free body, loading of the user's SMPL file, and error messages for other files."""

import pickle
import sys
from dataclasses import replace

import numpy as np
import pytest

from tar_core.body.data import FREE_BODY, LANDMARK_NAMES, body_of_clip, load_body, spread_markers
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.skeleton import (
    HAND_JOINT_NAMES,
    JOINT_NAMES,
    MIRROR,
    NUM_BODY_JOINTS,
    NUM_JOINTS,
    SMPLH_JOINT_NAMES,
)
from tests.support.smpl_files import VERTICES, smpl_content

# SMPL's published neutral rest joints, left side, meters (approximate, made symmetric).
SMPL_JOINTS = {
    "left_hip": (0.0686, -0.3143, 0.0226),
    "left_shoulder": (0.1738, 0.2256, -0.0173),
    "left_elbow": (0.4305, 0.2125, -0.0418),
}


@pytest.fixture(scope="module")
def free():
    return load_body()


@pytest.fixture
def save(tmp_path):
    """Function that writes a body file and returns its path."""

    def writer(content, name="SMPL_NEUTRAL.pkl", protocol=2):
        path = tmp_path / name
        if path.suffix == ".npz":
            np.savez(path, **content)
        else:
            path.write_bytes(pickle.dumps(content, protocol))
        return path

    return writer


def dense(content):
    return content | {"J_regressor": content["J_regressor"].toarray()}


# --- the free body ---


def test_free_body_is_small():
    assert FREE_BODY.stat().st_size <= 3e6


def test_free_body_shapes(free):
    count = len(free.v_template)
    assert free.shapedirs.shape == (count, 3, 10)
    assert free.posedirs.shape == (count, 3, 207)
    assert free.J_regressor.shape == (NUM_JOINTS, count)
    assert free.weights.shape == (count, NUM_JOINTS)
    assert free.name == "free"
    assert not free.has_pose_correctives


def offset_from_smpl(body, name):
    """Offsets [2, 3] of a joint and its mirror image from SMPL's, meters: to the side, up, forward."""
    joints = body.J_regressor @ body.v_template
    left = joints[JOINT_NAMES.index(name)]
    right = joints[JOINT_NAMES.index(name.replace("left", "right"))]
    return np.stack([left, right * [-1, 1, 1]]) - SMPL_JOINTS[name]


@pytest.mark.parametrize("name", SMPL_JOINTS)
def test_free_body_has_smpls_proportions_in_the_front_view(free, name):
    assert np.linalg.norm(offset_from_smpl(free, name)[:, :2], axis=1).max() < 0.020


@pytest.mark.parametrize("name", ["left_hip", "left_shoulder", "left_elbow"])
def test_free_body_has_smpls_proportions(free, name):
    assert np.linalg.norm(offset_from_smpl(free, name), axis=1).max() < 0.020


def test_free_body_stands_upright_in_a_t_pose(free):
    joints = free.J_regressor @ free.v_template
    assert 1.55 < np.ptp(free.v_template[:, 1]) < 1.85
    assert 1.5 < np.ptp(free.v_template[:, 0]) < 1.9
    arm = [JOINT_NAMES.index(f"left_{part}") for part in ("shoulder", "elbow", "wrist")]
    assert (np.diff(joints[arm, 0]) > 0.2).all()
    assert np.ptp(joints[arm, 1]) < 0.03
    np.testing.assert_allclose(joints, joints[list(MIRROR)] * [-1, 1, 1], atol=5e-4)


def test_free_body_has_at_most_four_influences(free):
    assert (free.weights > 0).sum(1).max() <= 4
    assert free.weights.min() >= 0
    np.testing.assert_allclose(free.weights.sum(1), 1, atol=1e-6)


def test_free_body_joints_are_averages_of_vertices(free):
    assert free.J_regressor.min() >= 0
    np.testing.assert_allclose(free.J_regressor.sum(1), 1, atol=1e-5)


def test_free_body_keeps_its_uvs(free):
    assert free.uv.min() >= 0
    assert free.uv.max() <= 1
    assert free.uv_faces.shape == free.faces.shape
    # Each vertex has one texture coordinate, except at seams.
    corners = np.unique(np.stack([free.faces.ravel(), free.uv_faces.ravel()], 1), axis=0)
    assert len(corners) < 1.1 * len(free.v_template)


def test_free_body_faces_point_outwards(free):
    """The mesh is nearly closed, so its signed volume is that of a person, in cubic meters."""
    a, b, c = np.moveaxis(free.v_template[free.faces].astype(float), 1, 0)
    volume = (a * np.cross(b, c)).sum() / 6
    assert 0.05 < volume < 0.10


def test_free_body_betas_are_principal_components(free):
    """The shape directions are orthogonal when weighted by area, and their sizes decrease.

    The PCA was weighted by the areas of the mean body, halved above the neck. The areas are recomputed here from the
    file, in which the shoulders were rotated back after the PCA, so the directions are only nearly orthogonal.
    """
    corners = free.v_template[free.faces].astype(float)
    face_area = 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    area = np.zeros(len(free.v_template))
    np.add.at(area, free.faces, face_area[:, None] / 3)
    head = (free.J_regressor @ free.v_template)[JOINT_NAMES.index("head"), 1]
    area[free.v_template[:, 1] > head - 0.02] *= 0.5
    directions = (free.shapedirs * np.sqrt(area / area.sum())[:, None, None]).reshape(-1, 10).astype(float)
    gram = directions.T @ directions
    size = np.sqrt(np.diag(gram))
    assert (np.diff(size) < 0).all()
    cosines = np.abs(gram / np.outer(size, size))[~np.eye(10, dtype=bool)]
    assert cosines.max() < 0.03
    # One unit is one standard deviation over people: the first two, height and weight, are centimeters.
    assert 0.02 < size[0] < 0.08
    assert size[9] < 0.006


def test_free_body_betas_give_peoples_heights(free):
    """Heights for betas from N(0, 1) have the standard deviation of adults' heights, 8 to 10 cm."""
    betas = np.random.default_rng(0).normal(size=(300, 10))
    heights = np.ptp(free.v_template[:, 1] + betas @ np.moveaxis(free.shapedirs[:, 1], 1, 0), axis=1)
    assert 0.06 < heights.std() < 0.12
    assert 1.6 < heights.mean() < 1.8


def test_free_body_markers_are_spread_over_the_body(free):
    """Gaps are about as small as those of `spread_markers`; the shoulders were rotated back after it was run."""

    def largest_gap(markers):
        between = np.linalg.norm(free.v_template[:, None] - free.v_template[markers], axis=-1)
        return between.min(1).max()

    assert free.markers.shape == (67,)
    for count in (26, 67):
        assert largest_gap(free.markers[:count]) < 1.15 * largest_gap(spread_markers(free.v_template, count))


def test_free_body_landmarks(free):
    """Each landmark is at the place that its name says."""
    point = {name: free.v_template[vertex] for name, vertex in free.vertex_ids.items()}
    assert list(point) == list(LANDMARK_NAMES)
    joints = dict(zip(JOINT_NAMES, free.J_regressor @ free.v_template, strict=True))
    for left, right in (("leye", "reye"), ("lear", "rear"), ("LBigToe", "RBigToe"), ("LSmallToe", "RSmallToe")):
        np.testing.assert_allclose(point[left], point[right] * [-1, 1, 1], atol=1e-3)
        assert point[left][0] > 0
    assert abs(point["nose"][0]) < 0.01
    assert point["nose"][2] > point["leye"][2] > point["lear"][2]
    assert point["lear"][0] > point["leye"][0]
    assert point["LBigToe"][0] < point["LSmallToe"][0]
    assert point["LBigToe"][2] > joints["left_foot"][2] > point["LHeel"][2]
    for finger in ("thumb", "index", "middle", "ring", "pinky"):
        assert point[f"l{finger}"][0] > joints["left_wrist"][0]
        assert point[f"r{finger}"][0] < joints["right_wrist"][0]
    assert point["lmiddle"][0] == max(point[name][0] for name in point)
    assert point["lindex"][2] > point["lpinky"][2]


def test_body_of_clip_is_the_free_body_or_the_users_file(save):
    clip = MotionClip(30, 640, 480, 800.0, np.zeros(2), "a.mp4")
    assert body_of_clip(clip).name == "free"
    path = save(smpl_content(correctives=False), "SMPL_MALE.pkl")
    assert body_of_clip(replace(clip, body=str(path))).name == "SMPL_MALE"
    with pytest.raises(TarError, match="no such body file"):
        body_of_clip(replace(clip, body="gone.npz"))


# --- markers ---


def test_markers_come_in_pairs_and_any_first_few_cover_the_body(free):
    vertices = free.v_template

    def farthest(count):
        chosen = vertices[free.markers[:count]]
        return max(np.linalg.norm(chosen - vertex, axis=1).min() for vertex in vertices[::37])

    assert farthest(26) < 0.26
    assert farthest(67) < 0.16
    assert len(set(free.markers)) == 67
    points = vertices[free.markers[:66]]
    mirrored = points * [-1, 1, 1]
    distance = np.linalg.norm(points[:, None] - mirrored[None], axis=-1).min(1)
    assert np.sort(distance)[-2] < 1e-3  # the last pair may be incomplete


# --- the user's file ---


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_official_pickle(save, protocol):
    content = smpl_content()
    body = load_body(save(content, protocol=protocol))
    for key in ("v_template", "shapedirs", "posedirs", "weights"):
        np.testing.assert_array_equal(getattr(body, key), content[key].astype(np.float32))
    np.testing.assert_allclose(body.J_regressor, content["J_regressor"].toarray(), atol=1e-8)
    np.testing.assert_array_equal(body.faces, content["f"])
    assert body.name == "SMPL_NEUTRAL"
    assert body.uv is None
    assert body.has_pose_correctives
    assert body.vertex_ids["nose"] == 332
    np.testing.assert_array_equal(body.markers, spread_markers(body.v_template))


def test_pickle_loads_without_scipy_and_chumpy(save, monkeypatch):
    path = save(smpl_content(correctives=False))
    for name in [name for name in sys.modules if name.split(".")[0] in ("scipy", "chumpy")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "chumpy", None)
    assert load_body(path).J_regressor.shape == (24, VERTICES)


def test_npz_equals_pickle(save):
    content = smpl_content()
    from_pickle = load_body(save(content))
    from_npz = load_body(save(dense(content), "SMPL_MALE.npz"))
    np.testing.assert_allclose(from_npz.J_regressor, from_pickle.J_regressor, atol=1e-8)
    np.testing.assert_array_equal(from_npz.posedirs, from_pickle.posedirs)
    assert from_npz.name == "SMPL_MALE"


def test_first_ten_of_more_betas(save):
    content = smpl_content(betas=20, correctives=False)
    body = load_body(save(content))
    np.testing.assert_array_equal(body.shapedirs, content["shapedirs"][..., :10].astype(np.float32))


def test_landmarks_are_those_of_smplx(save):
    table = pytest.importorskip("smplx.vertex_ids").vertex_ids["smplh"]
    assert load_body(save(smpl_content(correctives=False))).vertex_ids == {name: table[name] for name in LANDMARK_NAMES}


# --- invalid files ---


VALID = dense(smpl_content(correctives=False))


def changed(**changes):
    return {key: value for key, value in (VALID | changes).items() if value is not None}


@pytest.mark.parametrize("name", ["SMPL_NEUTRAL.pkl", "SMPL_NEUTRAL.npz"])
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (changed(weights=None, f=None), "weights, f missing"),
        (changed(weights=np.zeros((VERTICES, 55))), "55 joints instead of 24"),
        (changed(v_template=np.zeros((VERTICES - 1, 3))), "v_template has the shape"),
        (changed(shapedirs=np.zeros((VERTICES, 3, 6))), "fewer than 10"),
        (changed(posedirs=np.zeros((VERTICES, 3, 459))), "posedirs has the shape"),
        (changed(f=np.full((5, 3), VERTICES)), "f refers to vertices"),
        (changed(v_template=np.full((VERTICES, 3), np.nan)), "v_template has values that are not finite"),
        (changed(weights=np.full((VERTICES, 24), "one")), "not an SMPL body"),
        (changed(kintree_table=np.zeros((2, 24), int)), "joints are not in SMPL's order"),
    ],
)
def test_invalid_content_gives_a_message_with_a_remedy(save, name, content, problem):
    with pytest.raises(TarError) as caught:
        load_body(save(content, name))
    message = str(caught.value)
    assert problem in message
    assert "give SMPL_NEUTRAL" in message
    assert "\n" not in message


def test_mesh_with_another_number_of_vertices_needs_landmarks(save):
    content = smpl_content(correctives=False)
    content = {key: value[:5000] if np.shape(value)[:1] == (VERTICES,) else value for key, value in content.items()}
    content["J_regressor"] = content["J_regressor"][:, :5000]
    content["f"] = content["f"] % 5000
    with pytest.raises(TarError, match="5000 vertices instead of 6890"):
        load_body(save(content))
    assert load_body(save(content | {"landmarks": np.arange(21)})).vertex_ids["nose"] == 0


@pytest.mark.parametrize("name", ["body.npz", "body.pkl"])
def test_missing_file(tmp_path, name):
    with pytest.raises(TarError, match="no such body file; check the path"):
        load_body(tmp_path / name)


def test_unknown_suffix(tmp_path):
    (tmp_path / "body.fbx").touch()
    with pytest.raises(TarError, match="has the suffix .npz or .pkl"):
        load_body(tmp_path / "body.fbx")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 but not an archive"])
def test_damaged_npz(tmp_path, content):
    (tmp_path / "body.npz").write_bytes(content)
    with pytest.raises(TarError, match="not an SMPL body"):
        load_body(tmp_path / "body.npz")


def test_truncated_and_corrupt_npz(tmp_path):
    whole = FREE_BODY.read_bytes()
    corrupt = whole[:300_000] + bytes(1000) + whole[301_000:]
    for content in (whole[: len(whole) // 2], corrupt):
        (tmp_path / "body.npz").write_bytes(content)
        with pytest.raises(TarError, match="not an SMPL body"):
            load_body(tmp_path / "body.npz")


def test_npz_with_objects_is_rejected(save):
    with pytest.raises(TarError, match="not an SMPL body"):
        load_body(save(smpl_content(correctives=False), "SMPL_NEUTRAL.npz"))  # a sparse matrix in an .npz is a pickle


def test_the_weights_of_the_fingers_join_to_those_of_the_hand(free):
    fingers = free.with_fingers()
    assert free.with_fingers() is fingers, "computed once, as are the material slots of its faces"
    assert fingers.joint_names == SMPLH_JOINT_NAMES and fingers.has_fingers and not free.has_fingers
    assert ((fingers.weights > 0).sum(1) <= 4).all()
    np.testing.assert_allclose(fingers.weights.sum(1), 1, atol=1e-6)
    for side in ("left", "right"):
        wrist = JOINT_NAMES.index(f"{side}_wrist")
        own = [SMPLH_JOINT_NAMES.index(name) for name in HAND_JOINT_NAMES if name.startswith(side)]
        joined = fingers.weights[:, [wrist, *own]].sum(1)
        expected = free.weights[:, [wrist, JOINT_NAMES.index(f"{side}_hand")]].sum(1)
        np.testing.assert_allclose(joined, expected, atol=1e-6)
    np.testing.assert_array_equal(fingers.J_regressor[:NUM_BODY_JOINTS], free.J_regressor[:NUM_BODY_JOINTS])


def test_joints_of_the_fingers_are_inside_the_fingers(free):
    """Each is surrounded by vertices of its own bone and of the bone before."""
    fingers = free.with_fingers()
    joints = fingers.J_regressor @ fingers.v_template
    for joint in range(NUM_BODY_JOINTS, len(SMPLH_JOINT_NAMES)):
        near = fingers.weights[:, [joint, fingers.parents[joint]]].min(1) > 0.1
        assert near.any(), SMPLH_JOINT_NAMES[joint]
        center = fingers.v_template[near].mean(0)
        assert np.linalg.norm(joints[joint] - center) < 0.02, SMPLH_JOINT_NAMES[joint]


def test_smpls_body_has_no_fingers(save):
    body = load_body(save(smpl_content(correctives=False)))
    assert body.with_fingers() is body
