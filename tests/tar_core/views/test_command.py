"""`tar-capture combine`."""

from pathlib import Path

import pytest

from tar_core.cli import main
from tar_core.motion import MotionClip
from tar_core.shot_files import save_shots
from tests.support.clips import clips_of_shots
from tests.support.views import SIDE, clip_of, dancer, later, seen_by


@pytest.fixture
def views(tmp_path: Path) -> list[str]:
    """The motion files of two views; the second one starts 0.4 s later."""
    front, side = dancer(), later(seen_by(SIDE, dancer()), 12)
    paths = [tmp_path / "front.npz", tmp_path / "side.npz"]
    clip_of(front).save(paths[0])
    clip_of(side, source="side.mp4").save(paths[1])
    return [str(path) for path in paths]


def test_views_are_combined(views: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "both.npz"
    assert main(["combine", *views, "-o", str(output)]) == 0
    assert capsys.readouterr().out.startswith("side.mp4: starts +0.40 s, camera 5.3")
    assert len(MotionClip.load(output).people[0]) == pytest.approx(150 - 12, abs=1)


def test_known_delays_are_used(views: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "both.npz"
    assert main(["combine", *views, "-o", str(output), "--delays", "0.5"]) == 0
    assert "starts +0.50 s" in capsys.readouterr().out
    assert main(["combine", *views, "-o", str(output), "--delays", "0.5", "1"]) == 2
    assert "a delay for each of the 1 further views" in capsys.readouterr().err


def test_inputs_stay(views: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path(views[1]).read_bytes()
    assert main(["combine", *views, "-o", views[1]]) == 2
    assert Path(views[1]).read_bytes() == before
    assert main(["combine", views[0], "-o", str(tmp_path / "both.npz")]) == 2
    assert "at least two views" in capsys.readouterr().err
    assert not (tmp_path / "both.npz").exists()


def test_several_shots_are_refused(views: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shots = tmp_path / "shots.npz"
    save_shots(shots, clips_of_shots())
    assert main(["combine", views[0], str(shots), "-o", str(tmp_path / "both.npz")]) == 2
    assert "shots.npz: has 2 shots; capture one with" in capsys.readouterr().err
