"""Reading and writing of AMASS files."""

from pathlib import Path

import numpy as np
import pytest

from tar_core.amass import export_amass, load_motion, read_amass
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.errors import TarError
from tar_core.rotations import axis_angle_to_matrix
from tests.support.clips import make_clip, make_person

BODY = load_body()
PELVIS = rest_joints(BODY, np.zeros(10))[0]


def amass_file(path: Path, joints: int, rate_key: str = "mocap_framerate", count: int = 12) -> dict[str, np.ndarray]:
    """Write a file like AMASS's: an upright person who moves along x, with z up."""
    random = np.random.default_rng(joints)
    poses = 0.2 * random.normal(size=(count, joints, 3))
    poses[:, 0] = (np.pi / 2, 0, 0)  # SMPL's y axis becomes the world's z
    trans = np.stack([np.linspace(0, 2, count), np.full(count, 0.5), np.full(count, 1.1)], 1)
    arrays = {
        "poses": poses.reshape(count, -1),
        "trans": trans,
        "betas": random.normal(size=16),
        rate_key: np.array(120.0),
    }
    np.savez(path, gender=np.str_("female"), **arrays)
    return arrays


@pytest.mark.parametrize(
    ("joints", "rate_key"), [(24, "mocap_framerate"), (52, "mocap_framerate"), (55, "mocap_frame_rate")]
)
def test_poses_of_smpl_smplh_and_smplx_files_are_kept(tmp_path: Path, joints: int, rate_key: str) -> None:
    given = amass_file(tmp_path / "walk.npz", joints, rate_key)
    (clip,) = load_motion(tmp_path / "walk.npz", BODY)
    (person,) = clip.people
    assert clip.fps == 120 and len(person) == 12 and clip.source.endswith("walk.npz")
    num_kept = 24 if joints == 24 else 22
    np.testing.assert_allclose(person.poses[:, 3 : 3 * num_kept], given["poses"][:, 3 : 3 * num_kept], atol=1e-6)
    assert not person.poses[:, 3 * num_kept :].any()
    if joints == 24:
        assert person.hand_poses is None
    else:
        np.testing.assert_allclose(person.hand_poses, given["poses"][:, -90:], atol=1e-6)


def test_positions_are_those_of_amass_up_to_a_shift(tmp_path: Path) -> None:
    given = amass_file(tmp_path / "walk.npz", 52)
    clip = read_amass(tmp_path / "walk.npz", BODY)
    (person,) = clip.people
    pelvis = person.trans + PELVIS
    np.testing.assert_allclose(clip.floor.heights(pelvis), (given["trans"] + PELVIS)[:, 2], atol=1e-6)
    np.testing.assert_allclose(np.diff(pelvis[:, 0]), np.diff(given["trans"][:, 0]), atol=1e-6)
    upright = axis_angle_to_matrix(person.poses[0, :3].astype(float))[:, 1]
    np.testing.assert_allclose(upright, clip.floor.up, atol=1e-6)
    assert (pelvis[:, 2] > 2).all(), "in front of the camera"


def test_load_motion_reads_files_of_this_project(tmp_path: Path) -> None:
    make_clip([make_person()]).save(tmp_path / "clip.npz")
    (clip,) = load_motion(tmp_path / "clip.npz", BODY)
    assert clip.fps == 29.97


@pytest.mark.parametrize("missing", ["poses", "trans", "mocap_framerate"])
def test_other_files_are_rejected_in_one_line(tmp_path: Path, missing: str) -> None:
    given = amass_file(tmp_path / "walk.npz", 52)
    np.savez(tmp_path / "broken.npz", **{name: array for name, array in given.items() if name != missing})
    with pytest.raises(TarError, match="not a") as caught:
        load_motion(tmp_path / "broken.npz", BODY)
    assert "\n" not in str(caught.value)
    with pytest.raises(TarError, match="no such motion file"):
        load_motion(tmp_path / "gone.npz", BODY)


def test_poses_and_trans_must_have_the_same_number_of_frames(tmp_path: Path) -> None:
    given = amass_file(tmp_path / "walk.npz", 52)
    np.savez(tmp_path / "walk.npz", **{**given, "trans": given["trans"][:5]})
    with pytest.raises(TarError, match=r"trans has the shape \[5, 3\], expected \[12, 3\]"):
        read_amass(tmp_path / "walk.npz", BODY)


def test_exported_files_have_the_keys_of_amass(tmp_path: Path) -> None:
    person = make_person()
    export_amass(tmp_path / "amass.npz", make_clip([person]), person, BODY)
    with np.load(tmp_path / "amass.npz") as data:
        assert set(data) == {"poses", "betas", "trans", "mocap_framerate", "gender"}
        np.testing.assert_array_equal(data["poses"][:, :66], person.poses[:, :66])
        assert data["poses"].shape == (7, 156) and data["poses"][:, 66:].any(), "relaxed fingers"
        assert data["mocap_framerate"] == 29.97
    assert len(load_motion(tmp_path / "amass.npz", BODY)) == 1
