"""Many clips in one go: what is written, skipped and reported."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tar_blender.headless.batch import REPORT, Outcome, find_clips, output_files, run_batch
from tar_core.errors import TarError


def report(folder: Path) -> list[tuple[str, str]]:
    return [(Path(row["video"]).name, row["status"]) for row in json.loads((folder / REPORT).read_text())]


def write_both(clip: Path, files: Sequence[Path]) -> tuple[int, Sequence[Path]]:
    if "bad" in clip.name:
        raise TarError(f"{clip}: nobody was found")
    for file in files:
        file.write_text(clip.name)
    return 2, files


def ignore(outcome: Outcome) -> None:
    pass


def test_folders_give_their_videos_by_name(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.MOV", "notes.txt"):
        (tmp_path / name).touch()
    single = tmp_path / "else" / "c.npz"
    assert [clip.name for clip in find_clips([single, tmp_path])] == ["c.npz", "a.MOV", "b.mp4"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(TarError, match="holds no video"):
        find_clips([tmp_path / "empty"])
    with pytest.raises(TarError, match="one name"):
        find_clips([Path("x/a.mp4"), Path("y/a.mov")])


def test_a_failure_does_not_stop_the_rest(tmp_path: Path) -> None:
    clips = [Path("one.mp4"), Path("bad.mp4"), Path("two.mp4")]
    told: list[Outcome] = []
    outcomes = run_batch(clips, tmp_path / "out", ["blend", "npz"], write_both, told.append)
    assert outcomes == told
    assert report(tmp_path / "out") == [("one.mp4", "done"), ("bad.mp4", "failed"), ("two.mp4", "done")]
    assert "nobody was found" in outcomes[1].message and outcomes[0].people == 2
    assert all(file.exists() for file in output_files(clips[2], tmp_path / "out", ["blend", "npz"]))


def test_what_is_there_is_left_resumed_or_overwritten(tmp_path: Path) -> None:
    (tmp_path / "one.blend").write_text("mine")
    clips = [Path("one.mp4"), Path("two.mp4")]
    (refused, done) = run_batch(clips, tmp_path, ["blend"], write_both, ignore)
    assert "--overwrite" in refused.message and (tmp_path / "one.blend").read_text() == "mine" and done.status == "done"
    assert [o.status for o in run_batch(clips, tmp_path, ["blend"], write_both, ignore, resume=True)] == ["skipped"] * 2
    assert run_batch(clips, tmp_path, ["blend", "npz"], write_both, ignore, resume=True)[0].status == "done"
    (tmp_path / "one.blend").write_text("mine")
    run_batch(clips, tmp_path, ["blend"], write_both, ignore, overwrite=True)
    assert (tmp_path / "one.blend").read_text() == "one.mp4"


def test_ctrl_c_leaves_a_true_report(tmp_path: Path) -> None:
    def interrupted(clip: Path, files: Sequence[Path]) -> tuple[int, Sequence[Path]]:
        if clip.name == "two.mp4":
            raise KeyboardInterrupt
        return write_both(clip, files)

    with pytest.raises(KeyboardInterrupt):
        run_batch([Path("one.mp4"), Path("two.mp4"), Path("three.mp4")], tmp_path, ["blend"], interrupted, ignore)
    assert report(tmp_path) == [("one.mp4", "done"), ("two.mp4", "cancelled"), ("three.mp4", "cancelled")]


def test_a_bug_in_one_clip_does_not_stop_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def buggy(clip: Path, files: Sequence[Path]) -> tuple[int, Sequence[Path]]:
        if clip.name == "one.mp4":
            raise ZeroDivisionError("by zero")
        return write_both(clip, files)

    outcomes = run_batch([Path("one.mp4"), Path("two.mp4")], tmp_path, ["blend"], buggy, ignore)
    assert [outcome.status for outcome in outcomes] == ["failed", "done"]
    assert outcomes[0].message == "one.mp4: unexpected ZeroDivisionError: by zero"
    assert "Traceback" in capsys.readouterr().err


def test_clips_come_as_they_are_ready(tmp_path: Path) -> None:
    (tmp_path / "two.blend").touch()
    asked: list[list[Path]] = []

    def backwards(clips: Sequence[Path]) -> Iterator[tuple[Path, float]]:
        asked.append(list(clips))
        for clip in reversed(clips):
            yield clip, time.monotonic() - 60

    clips = [Path("one.mp4"), Path("two.mp4"), Path("three.mp4")]
    outcomes = run_batch(clips, tmp_path, ["blend"], write_both, ignore, resume=True, ready=backwards)
    assert asked == [[clips[0], clips[2]]], "what is there is not captured"
    assert [Path(outcome.video).stem for outcome in outcomes] == ["two", "three", "one"]
    assert outcomes[1].seconds >= 60


def test_folder_that_cannot_be_written_is_found_out_before_any_work(tmp_path: Path) -> None:
    (tmp_path / REPORT).mkdir()
    with pytest.raises(TarError, match="cannot write"):
        run_batch([Path("one.mp4")], tmp_path, ["blend"], write_both, ignore)
    assert [path.name for path in tmp_path.iterdir()] == [REPORT]


def test_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TarError, match="cannot be made"):
        run_batch([Path("a.mp4")], tmp_path / "file" / "out", ["blend"], write_both, ignore)
