"""Many videos in one run: which are written, skipped and reported."""

import json
import os
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


def test_videos_of_folders_are_sorted_by_name(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.MOV", "notes.txt"):
        (tmp_path / name).touch()
    single = tmp_path / "elsewhere" / "c.npz"
    assert [clip.name for clip in find_clips([single, tmp_path])] == ["c.npz", "a.MOV", "b.mp4"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(TarError, match="contains no video"):
        find_clips([tmp_path / "empty"])
    with pytest.raises(TarError, match="same name"):
        find_clips([Path("x/a.mp4"), Path("y/a.mov")])


def test_failure_does_not_stop_the_others(tmp_path: Path) -> None:
    clips = [Path("one.mp4"), Path("bad.mp4"), Path("two.mp4")]
    reported: list[Outcome] = []
    outcomes = run_batch(clips, tmp_path / "out", ["blend", "npz"], write_both, reported.append)
    assert outcomes == reported
    assert report(tmp_path / "out") == [("one.mp4", "done"), ("bad.mp4", "failed"), ("two.mp4", "done")]
    assert "nobody was found" in outcomes[1].message and outcomes[0].people == 2
    assert all(file.exists() for file in output_files(clips[2], tmp_path / "out", ["blend", "npz"]))


def test_outputs_that_are_inputs_fail(tmp_path: Path) -> None:
    (tmp_path / "walk.npz").write_text("motion")
    (tmp_path / "character.blend").write_text("rig")
    (tmp_path / "run.blend").symlink_to(tmp_path / "character.blend")
    (tmp_path / "jump.npz").hardlink_to(tmp_path / "walk.npz")
    os.mkfifo(tmp_path / "pipe.blend")
    clips = [tmp_path / "walk.npz", tmp_path / "run.mp4", tmp_path / "jump.mp4", tmp_path / "pipe.mp4"]
    inputs = [*clips, tmp_path / "character.blend", None]
    outcomes = run_batch(clips, tmp_path, ["blend", "npz"], write_both, ignore, overwrite=True, inputs=inputs)
    assert [outcome.status for outcome in outcomes] == 4 * ["failed"]
    assert all("it is also an input" in outcome.message for outcome in outcomes[:3])
    assert "pipe" in outcomes[3].message
    assert (tmp_path / "walk.npz").read_text() == "motion" and (tmp_path / "character.blend").read_text() == "rig"


def test_existing_files_are_kept_skipped_or_overwritten(tmp_path: Path) -> None:
    (tmp_path / "one.blend").write_text("mine")
    clips = [Path("one.mp4"), Path("two.mp4")]
    (refused, done) = run_batch(clips, tmp_path, ["blend"], write_both, ignore)
    assert "--overwrite" in refused.message and (tmp_path / "one.blend").read_text() == "mine" and done.status == "done"
    assert [o.status for o in run_batch(clips, tmp_path, ["blend"], write_both, ignore, resume=True)] == ["skipped"] * 2
    assert run_batch(clips, tmp_path, ["blend", "npz"], write_both, ignore, resume=True)[0].status == "done"
    (tmp_path / "one.blend").write_text("mine")
    run_batch(clips, tmp_path, ["blend"], write_both, ignore, overwrite=True)
    assert (tmp_path / "one.blend").read_text() == "one.mp4"


def test_report_is_complete_after_ctrl_c(tmp_path: Path) -> None:
    def interrupted(clip: Path, files: Sequence[Path]) -> tuple[int, Sequence[Path]]:
        if clip.name == "two.mp4":
            raise KeyboardInterrupt
        return write_both(clip, files)

    with pytest.raises(KeyboardInterrupt):
        run_batch([Path("one.mp4"), Path("two.mp4"), Path("three.mp4")], tmp_path, ["blend"], interrupted, ignore)
    assert report(tmp_path) == [("one.mp4", "done"), ("two.mp4", "cancelled"), ("three.mp4", "cancelled")]


def test_bug_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def buggy(clip: Path, files: Sequence[Path]) -> tuple[int, Sequence[Path]]:
        if clip.name == "one.mp4":
            raise ZeroDivisionError("by zero")
        return write_both(clip, files)

    outcomes = run_batch([Path("one.mp4"), Path("two.mp4")], tmp_path, ["blend"], buggy, ignore)
    assert [outcome.status for outcome in outcomes] == ["failed", "done"]
    assert outcomes[0].message == "one.mp4: unexpected ZeroDivisionError: by zero"
    assert "Traceback" in capsys.readouterr().err


def test_videos_are_converted_as_they_become_ready(tmp_path: Path) -> None:
    (tmp_path / "two.blend").touch()
    requested: list[list[Path]] = []

    def backwards(clips: Sequence[Path]) -> Iterator[tuple[Path, float]]:
        requested.append(list(clips))
        for clip in reversed(clips):
            yield clip, time.monotonic() - 60

    clips = [Path("one.mp4"), Path("two.mp4"), Path("three.mp4")]
    outcomes = run_batch(clips, tmp_path, ["blend"], write_both, ignore, resume=True, ready=backwards)
    assert requested == [[clips[0], clips[2]]], "videos with existing files are not captured"
    assert [Path(outcome.video).stem for outcome in outcomes] == ["two", "three", "one"]
    assert outcomes[1].seconds >= 60


def test_unwritable_folder_is_reported_before_any_work(tmp_path: Path) -> None:
    (tmp_path / REPORT).mkdir()
    with pytest.raises(TarError, match="cannot write"):
        run_batch([Path("one.mp4")], tmp_path, ["blend"], write_both, ignore)
    assert [path.name for path in tmp_path.iterdir()] == [REPORT]


def test_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TarError, match="cannot be created"):
        run_batch([Path("a.mp4")], tmp_path / "file" / "out", ["blend"], write_both, ignore)
