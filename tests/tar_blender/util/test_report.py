"""Bug reports: complete, and without private folders."""

import bpy
import pytest

from tar_blender.util.report import report_text, sentence, without_folders


def test_report_has_versions_settings_and_log_but_no_folders() -> None:
    settings = {"video": "/home/ann/my films/walk.mp4", "people": "all", "fov": None, "body": r"C:\SMPL\male.pkl"}
    text = report_text("/home/ann/walk.mp4: no person", settings, ['File "/home/ann/x.py", line 3', "out of memory"])
    assert bpy.app.version_string in text
    for wanted in ("walk.mp4: no person", "video: walk.mp4", "people: all", "male.pkl", "x.py", "out of memory"):
        assert wanted in text
    assert "ann" not in text and "films" not in text and "SMPL\\" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5/6 of and/or", "5/6 of and/or"),
        (r"in C:\Users\ann\x.py now", "in .../x.py now"),
        ("~/a/b.py", ".../b.py"),
        ("/a/b/c.py:3", ".../c.py:3"),
    ],
)
def test_paths_are_shortened_to_their_last_names(text: str, expected: str) -> None:
    assert without_folders(text) == expected


def test_messages_start_with_a_capital_unless_with_a_file_name() -> None:
    assert sentence("the engine was killed; try again") == "The engine was killed; try again"
    assert sentence("walk.mp4: no such video") == "walk.mp4: no such video"
    assert sentence("/home/ann/walk.mp4: no such video").startswith("/home")
