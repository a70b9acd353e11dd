"""Messages between the engine and its client."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from tar_core.engine.protocol import (
    LONGEST_LINE,
    PROTOCOL,
    Cancelled,
    Failure,
    Job,
    Notice,
    PersonFound,
    Progress,
    Result,
    event_line,
    job_line,
    known_options,
    parse_event,
    parse_job,
)
from tar_core.errors import TarError
from tar_core.option_fields import UnknownOptions
from tar_core.options import CaptureOptions, StartBox
from tar_core.preview import NUM_POINTS, Preview
from tar_core.recording import Recording
from tests.support.garbage import garbage_lines, json_values, messages_like

PREVIEW = Preview(12, 1920, 1080, {1: ((2.5, 3.0),) * NUM_POINTS})


@pytest.mark.parametrize(
    "job",
    [
        Job("walk.mp4"),
        Job("walk.mp4", scan=True),
        Job("new.mp4", record=Recording("rtsp://camera/live", 2.5)),
        Job("new.mp4", record=Recording("0", live=True)),
        Job("walk.mp4", CaptureOptions(people=2, fov=60.0, box=StartBox(7, (1, 2, 3, 4)), body=Path("SMPL.npz"))),
    ],
)
def test_job_lines_are_parsed_into_the_same_job(job: Job) -> None:
    line = job_line(job, Path("walk.npz"))
    assert line.count("\n") == 1
    assert parse_job(line) == (job, Path("walk.npz"))


def test_default_options_are_left_out() -> None:
    line = job_line(Job("walk.mp4", CaptureOptions(end=9)), Path("walk.npz"))
    assert json.loads(line) == {"protocol": PROTOCOL, "video": "walk.mp4", "output": "walk.npz", "end": 9}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{not json", "not one line of JSON"),
        ("[1, 2]", "not a JSON object"),
        ('{"video": "a.mp4"}', "output must be a path"),
        ('{"video": null, "output": "b.npz"}', "video must be a path"),
        ('{"video": 3, "output": "b.npz"}', "video must be a path, not 3"),
        ('{"protocol": 3, "video": "a.mp4", "output": "b.npz"}', "protocol 3"),
        ('{"video": "a.mp4", "output": "b.npz", "start": "soon"}', "start"),
        ('{"video": "a.mp4", "output": "b.npz", "people": "few"}', "people"),
        ('{"video": "a.mp4", "output": "b.npz", "fov": 500}', "field of view"),
        ('{"video": "a.mp4", "output": "b.npz", "box": [1, 2]}', "box"),
        ('{"video": "a.mp4", "output": "b.npz", "box": [1, 2, 3, 4, NaN]}', "box"),
        ('{"video": "a.mp4", "output": "b.npz", "fov": NaN}', "field of view"),
        ('{"video": "a.mp4", "output": "b.npz", "fov": 1' + 400 * "0" + "}", "fov"),
        ('{"video": "a.mp4", "output": "b.npz", "end": 1' + 4000 * "0" + "}", "last frame"),
        ('{"video": "a.mp4", "output": "b.npz", "end": 1' + 9000 * "0" + "}", "not one line of JSON"),
        ('{"video": "a.mp4", "output": "b.npz", "scan": "no"}', "scan"),
        ('{"video": "a\\u0000.mp4", "output": "b.npz"}', "video must be a path"),
        ('{"video": "a.mp4", "output": "\\ud800"}', "output must be a path"),
        ('{"video": "a.mp4", "output": "b.npz", "checkpoint": "\\u0000"}', "checkpoint"),
        (10000 * "[", "not one line of JSON"),
        ('{"video": "' + LONGEST_LINE * "a" + '"}', "longer than"),
        ("\0", "not one line of JSON"),
    ],
)
def test_invalid_jobs_are_errors(line: str, words: str) -> None:
    with pytest.raises(TarError, match=words):
        parse_job(line)


def test_unknown_options_are_named() -> None:
    with pytest.raises(UnknownOptions) as error:
        parse_job('{"video": "a.mp4", "output": "b.npz", "hands": true}')
    assert error.value.names == ("hands",)


@pytest.mark.parametrize(
    ("values", "event"),
    [
        ({"event": "progress", "stage": "load", "done": 0, "total": None, "fps": 0}, Progress("load", 0, 0, 0.0)),
        ({"event": "warning", "message": "dark"}, Notice("dark")),
        ({"event": "warning", "message": "moves", "topic": "moving_camera"}, Notice("moves", "moving_camera")),
        ({"event": "person", "id": 1, "first": 0, "last": 9}, PersonFound(1, 0, 9)),
        ({"event": "preview", **PREVIEW.to_json()}, PREVIEW),
        ({"event": "result", "output": "a.npz"}, Result()),
        ({"event": "error", "message": "no"}, Failure("no")),
        ({"event": "error", "message": "no", "topic": "a"}, Failure("no", topic="a")),
        ({"event": "cancelled"}, Cancelled()),
    ],
)
def test_event_lines_are_parsed(values: dict[str, Any], event: object) -> None:
    assert parse_event(event_line(**values)) == event


@pytest.mark.parametrize(
    "line", ["", "{", "3", "null", '{"event": 1}', '{"event": "progress", "done": "x"}', '{"stage": "capture"}']
)
def test_other_lines_are_not_events(line: str) -> None:
    assert parse_event(line) is None


JOB = {"protocol": PROTOCOL, "video": "a.mp4", "output": "b.npz"}


@given(garbage_lines() | messages_like([JOB | {name: 1} for name in ["scan", "record", *known_options()]]))
def test_every_line_is_a_job_or_an_error(line: str) -> None:
    try:
        parse_job(line)
    except TarError as error:
        assert "\n" not in str(error)


PROGRESS = {"event": "progress", "stage": "load", "done": 1, "total": 2, "fps": 1.5}
EVENTS = [
    PROGRESS,
    {"event": "preview", **PREVIEW.to_json()},
    {"event": "person", "id": 1, "first": 0, "last": 9},
    {"event": "warning", "message": "dark", "topic": ""},
    {"event": "error", "message": "no", "topic": "", "unknown_options": []},
]


@given(garbage_lines() | messages_like(EVENTS))
def test_every_line_is_an_event_that_blender_can_show_or_none(line: str) -> None:
    event = parse_event(line)
    if isinstance(event, Progress):
        assert 0 <= event.fraction <= 1
    if isinstance(event, PersonFound):
        assert max(event.id, event.first, event.last) < 2**31
    text = str(event)
    assert len(text) < 10000 and text.encode().decode() == text


@given(json_values)
def test_long_messages_are_cut(value: Any) -> None:
    line = event_line("error", message="no " + 100_000 * str(value)[:1])
    assert len(line) < 50_000 and isinstance(parse_event(line), Failure)


def test_progress_as_text() -> None:
    assert Progress("capture", 50, 100, 10.0).headline == "Capturing motion: 50 of 100 frames"
    assert Progress("capture", 50, 100, 10.0).pace == "10.0 frames/s, 0:05 left"
    assert str(Progress("load", 0, 0, 0.0)) == "Loading the network"
