"""The progress of the command line."""

import pytest

from tar_core.capture import progress
from tar_core.capture.progress import Progress, ProgressLine


def test_lines_are_printed_from_time_to_time_if_the_output_is_redirected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    now = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    with ProgressLine("capture", quiet=False) as bar:
        for done in range(100):
            now += 1.0
            bar.update(Progress("capture", done, 100 if done < 50 else None, 12.34))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "capture: 29 of 100 frames, 12.3 per second",
        "capture: 59 frames, 12.3 per second",
        "capture: 89 frames, 12.3 per second",
    ]


def test_quiet_prints_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(progress, "LINE_INTERVAL", 0.0)
    with ProgressLine("capture", quiet=True) as bar:
        bar.update(Progress("capture", 1, 2, 1.0))
    assert not capsys.readouterr().err


def test_one_line_changes_in_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(progress, "TERMINAL_INTERVAL", 0.0)
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    with ProgressLine("capture", quiet=False) as line:
        line.update(Progress("capture", 9, 10, 100.0))
        line.update(Progress("capture", 10, 10, 9.0))
    first, second = "capture: 9 of 10 frames, 100.0 per second", "capture: 10 of 10 frames, 9.0 per second"
    assert capsys.readouterr().err == f"\r{first}\r{second:{len(first)}}\n"
