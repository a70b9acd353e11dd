"""Garments follow the correction of the body's shoulders."""

import numpy as np
import pytest

from scripts.assets.turn_garments import main
from tar_core.body.data import FREE_BODY
from tests.support.paths import SHARED

SHARED_BODY = SHARED / "data" / "body"


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    if not (SHARED_BODY / "garments.npz").is_file():
        pytest.skip(f"no garments in {SHARED}")
    path = tmp_path_factory.mktemp("garments") / "turned.npz"
    assert (
        main([str(SHARED_BODY / "garments.npz"), "--body", str(SHARED_BODY / "free_smpl.npz"), "--output", str(path)])
        == 0
    )
    with np.load(path) as archive:
        return dict(archive)


def nearest_distances(points, surface):
    return np.sqrt(((points[:, None] - surface) ** 2).sum(-1).min(1))


@pytest.mark.slow
def test_garments_keep_their_distance_from_the_body(turned):
    with np.load(SHARED_BODY / "garments.npz") as archive, np.load(SHARED_BODY / "free_smpl.npz") as body:
        before, old_surface = archive["male_elegantsuit01/v0"], body["v_template"]
    with np.load(FREE_BODY) as body:
        new_surface = body["v_template"]
    after = turned["male_elegantsuit01/v0"]
    chosen = np.arange(0, len(before), 7)
    assert np.abs(after - before).max() > 0.02  # the shoulders moved
    difference = nearest_distances(after[chosen], new_surface) - nearest_distances(before[chosen], old_surface)
    assert np.abs(difference).max() < 0.006


@pytest.mark.slow
def test_garments_away_from_the_shoulders_do_not_change(turned):
    with np.load(SHARED_BODY / "garments.npz") as archive:
        for key in ("shoes01/v0", "shoes01/sd", "shoes01/uv", "male_worksuit01/tri", "male_worksuit01/del"):
            np.testing.assert_array_equal(turned[key], archive[key])


def test_wrong_file_gives_a_one_line_error(tmp_path, capsys):
    wrong = tmp_path / "wrong.npz"
    np.savez(wrong, a=np.zeros(3))
    assert main([str(wrong), "--body", str(wrong), "--output", str(tmp_path / "out.npz")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "out.npz").exists()
