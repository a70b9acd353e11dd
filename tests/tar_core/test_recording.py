"""Sources and durations of recordings."""

import json

import pytest

from tar_core.errors import TarError
from tar_core.recording import Recording


def test_cameras_and_addresses() -> None:
    assert Recording("0").camera == 0
    assert Recording("rtsp://user:word@192.168.1.20:554/stream").camera is None


@pytest.mark.parametrize(
    "source", ["", "-1", "1000", "a.mp4", "/dev/video0", "file:///etc/passwd", "concat:a|b", "http://", "pipe:0", "²"]
)
def test_other_sources_are_refused(source: str) -> None:
    with pytest.raises(TarError, match="number of a camera"):
        Recording(source)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_impossible_durations_are_refused(seconds: float) -> None:
    with pytest.raises(TarError, match="seconds"):
        Recording("0", seconds)


@pytest.mark.parametrize("source", ["rtsp://user:word@camera/live", "ftp://user:word@camera/live"])
def test_password_is_never_shown(source: str) -> None:
    try:
        shown = Recording(source).shown_source
    except TarError as error:
        shown = str(error)
    assert "camera/live" in shown and "word" not in shown


def test_round_trip() -> None:
    recording = Recording("udp://127.0.0.1:5000", 2.5)
    assert Recording.from_json(json.loads(json.dumps(recording.to_json()))) == recording


@pytest.mark.parametrize("values", [None, 3, [], {}, {"source": 0}, {"source": "0", "seconds": "a"}, {"a": 1}])
def test_other_values_are_refused(values: object) -> None:
    with pytest.raises(TarError, match="record"):
        Recording.from_json(values)
