"""Many videos in one run: which are written, skipped and reported."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tar_core.batch.inputs import BatchVideo
from tar_core.batch.report import REPORT, Outcome
from tar_core.batch.runner import Batch, Ready, Written, run_batch
from tar_core.errors import TarError


def videos_in(folder: Path, *names: str) -> list[BatchVideo]:
    """Make small files that stand for videos."""
    videos = [BatchVideo(folder / name, Path(name).stem) for name in names]
    for video in videos:
        if not video.path.exists():
            video.path.write_text(f"the video {video.name}")
    return videos


def report(folder: Path) -> list[tuple[str, str]]:
    rows = map(json.loads, (folder / REPORT).read_text().splitlines())
    return [(row["name"], row["status"]) for row in rows]


def write_both(video: BatchVideo, files: Sequence[Path]) -> Written:
    if "bad" in video.name:
        raise TarError(f"{video}: nobody was found")
    for file in files:
        file.write_text(video.name)
    return Written.of(video.path, files, 2, 30)


def ignore(outcome: Outcome) -> None:
    pass


def statuses(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {outcome.name: outcome.status for outcome in outcomes}


def test_failure_does_not_stop_the_others(tmp_path: Path) -> None:
    videos = videos_in(tmp_path, "one.mp4", "bad.mp4", "two.mp4")
    batch = Batch(tmp_path / "out", ["blend", "npz"])
    reported: list[Outcome] = []
    outcomes = run_batch(videos, batch, write_both, reported.append)
    assert outcomes == reported
    started = [(name, "started") for name in ("one", "bad", "two")]
    assert report(batch.folder) == [*started, ("one", "done"), ("bad", "failed"), ("two", "done")]
    assert "nobody was found" in outcomes[1].message and (outcomes[0].people, outcomes[0].frames) == (2, 30)
    assert all(file.exists() for file in batch.outputs(videos[2]))


def test_outputs_that_are_inputs_fail(tmp_path: Path) -> None:
    (tmp_path / "walk.npz").write_text("motion")
    (tmp_path / "character.blend").write_text("rig")
    (tmp_path / "run.blend").symlink_to(tmp_path / "character.blend")
    (tmp_path / "jump.npz").hardlink_to(tmp_path / "walk.npz")
    os.mkfifo(tmp_path / "pipe.blend")
    videos = videos_in(tmp_path, "walk.npz", "run.mp4", "jump.mp4", "pipe.mp4")
    inputs = [*(video.path for video in videos), tmp_path / "character.blend", None]
    batch = Batch(tmp_path, ["blend", "npz"], overwrite=True, inputs=inputs)
    outcomes = run_batch(videos, batch, write_both, ignore)
    assert [outcome.status for outcome in outcomes] == 4 * ["failed"]
    assert all("it is also an input" in outcome.message for outcome in outcomes[:3])
    assert "pipe" in outcomes[3].message
    assert (tmp_path / "walk.npz").read_text() == "motion" and (tmp_path / "character.blend").read_text() == "rig"


def test_existing_files_are_kept_or_overwritten(tmp_path: Path) -> None:
    (tmp_path / "one.blend").write_text("mine")
    videos = videos_in(tmp_path, "one.mp4", "two.mp4")
    refused, done = run_batch(videos, Batch(tmp_path, ["blend"]), write_both, ignore)
    assert "--overwrite" in refused.message and (tmp_path / "one.blend").read_text() == "mine" and done.status == "done"
    kept, skipped = run_batch(videos, Batch(tmp_path, ["blend"], resume=True), write_both, ignore)
    assert "not from this batch" in kept.message and (tmp_path / "one.blend").read_text() == "mine"
    assert {kept.status, skipped.status} == {"failed", "skipped"}
    run_batch(videos, Batch(tmp_path, ["blend"], overwrite=True), write_both, ignore)
    assert (tmp_path / "one.blend").read_text() == "one"


def test_only_finished_videos_are_skipped(tmp_path: Path) -> None:
    """Finished: the same video, the same settings, and outputs as they were written."""
    videos = videos_in(tmp_path, "same.mp4", "copied.mp4", "changed.mp4", "deleted.mp4", "edited.mp4", "bad.mp4")
    batch = Batch(tmp_path / "out", ["blend"], resume=True)
    run_batch(videos, batch, write_both, ignore)
    os.utime(tmp_path / "copied.mp4", (1, 1))  # the content is the same
    (tmp_path / "changed.mp4").write_text("another take")
    (batch.folder / "deleted.blend").unlink()
    (batch.folder / "edited.blend").write_text("the user's work")
    outcomes = run_batch(videos, batch, write_both, ignore)
    assert statuses(outcomes) == {
        **{"same": "skipped", "copied": "skipped", "changed": "done", "deleted": "done"},
        **{"edited": "failed", "bad": "failed"},
    }
    assert (batch.folder / "edited.blend").read_text() == "the user's work"
    other = Batch(tmp_path / "out", ["blend"], settings=lambda video: "smoothing 1", resume=True)
    assert statuses(run_batch(videos[:2], other, write_both, ignore)) == {"same": "done", "copied": "done"}


def test_batch_that_was_killed_is_continued(tmp_path: Path) -> None:
    """Outputs may be complete although the report does not say so."""
    videos = videos_in(tmp_path, "one.mp4", "two.mp4")
    batch = Batch(tmp_path / "out", ["blend"], resume=True)
    run_batch(videos, batch, write_both, ignore)
    lines = (batch.folder / REPORT).read_text().splitlines()
    (batch.folder / REPORT).write_text("\n".join([*lines[:3], lines[3][:50]]))  # within the line about the second
    assert statuses(run_batch(videos, batch, write_both, ignore)) == {"one": "skipped", "two": "done"}
    assert statuses(run_batch(videos, batch, write_both, ignore)) == {"one": "skipped", "two": "skipped"}


def test_files_that_were_edited_after_a_batch_was_killed_are_kept(tmp_path: Path) -> None:
    videos = videos_in(tmp_path, "one.mp4")
    batch = Batch(tmp_path / "out", ["blend"], resume=True)
    run_batch(videos, batch, write_both, ignore)

    def killed(video: BatchVideo, files: Sequence[Path]) -> Written:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(videos, replace(batch, settings=lambda video: "other settings"), killed, ignore)
    assert statuses(run_batch(videos, batch, write_both, ignore)) == {"one": "done"}
    with pytest.raises(KeyboardInterrupt):
        run_batch(videos, replace(batch, settings=lambda video: "other settings"), killed, ignore)
    (batch.folder / "one.blend").write_text("the user's work")
    assert statuses(run_batch(videos, batch, write_both, ignore)) == {"one": "failed"}
    assert (batch.folder / "one.blend").read_text() == "the user's work"


def test_two_batches_do_not_write_to_one_folder(tmp_path: Path) -> None:
    videos = videos_in(tmp_path, "one.mp4")

    def start_another(video: BatchVideo, files: Sequence[Path]) -> Written:
        with pytest.raises(TarError, match="another batch writes to this folder"):
            run_batch(videos, Batch(tmp_path / "out", ["blend"]), write_both, ignore)
        return write_both(video, files)

    assert [o.status for o in run_batch(videos, Batch(tmp_path / "out", ["blend"]), start_another, ignore)] == ["done"]


def test_ctrl_c_ends_the_batch(tmp_path: Path) -> None:
    videos = videos_in(tmp_path, "one.mp4", "two.mp4", "three.mp4")

    def interrupted(video: BatchVideo, files: Sequence[Path]) -> Written:
        if video.name == "two":
            raise KeyboardInterrupt
        return write_both(video, files)

    with pytest.raises(KeyboardInterrupt):
        run_batch(videos, Batch(tmp_path / "out", ["blend"]), interrupted, ignore)
    assert report(tmp_path / "out")[-1] == ("one", "done")
    batch = Batch(tmp_path / "out", ["blend"], resume=True)
    assert list(statuses(run_batch(videos, batch, write_both, ignore)).values()) == ["skipped", "done", "done"]


def test_bug_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def buggy(video: BatchVideo, files: Sequence[Path]) -> Written:
        if video.name == "one":
            raise ZeroDivisionError("by zero")
        return write_both(video, files)

    videos = videos_in(tmp_path, "one.mp4", "two.mp4")
    outcomes = run_batch(videos, Batch(tmp_path / "out", ["blend"]), buggy, ignore)
    assert [outcome.status for outcome in outcomes] == ["failed", "done"]
    assert outcomes[0].message.endswith("one.mp4: unexpected ZeroDivisionError: by zero")
    assert "Traceback" in capsys.readouterr().err


def test_videos_are_processed_as_they_become_ready(tmp_path: Path) -> None:
    requested: list[list[BatchVideo]] = []

    def backwards(videos: Sequence[BatchVideo]) -> Iterator[Ready]:
        requested.append(list(videos))
        for video in reversed(videos):
            yield Ready(video, time.monotonic() - 60, "farm-7")

    videos = videos_in(tmp_path, "one.mp4", "two.mp4", "three.mp4")
    batch = Batch(tmp_path / "out", ["blend"], resume=True)
    run_batch(videos[1:2], batch, write_both, ignore)
    outcomes = run_batch(videos, batch, write_both, ignore, ready=backwards)
    assert requested == [[videos[0], videos[2]]], "finished videos are not captured"
    assert [outcome.name for outcome in outcomes] == ["two", "three", "one"]
    assert outcomes[1].seconds >= 60 and outcomes[1].machine == "farm-7"


def test_unwritable_folder_is_reported_before_any_work(tmp_path: Path) -> None:
    videos = videos_in(tmp_path, "one.mp4")
    (tmp_path / "out" / REPORT).mkdir(parents=True)
    with pytest.raises(TarError, match="cannot write"):
        run_batch(videos, Batch(tmp_path / "out", ["blend"]), write_both, ignore)
    with pytest.raises(TarError, match="cannot write to"):
        run_batch(videos, Batch(tmp_path / "one.mp4" / "out", ["blend"]), write_both, ignore)
