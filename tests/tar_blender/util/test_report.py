"""Reports say what is needed and tell no folders."""

import bpy
import pytest

from tar_blender.util.report import report_text, sentence, without_folders


def test_report() -> None:
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
def test_folders(text: str, expected: str) -> None:
    assert without_folders(text) == expected


def test_messages_begin_as_sentences_do() -> None:
    assert sentence("the engine was killed; try again") == "The engine was killed; try again"
    assert sentence("walk.mp4: no such video") == "walk.mp4: no such video"
    assert sentence("/home/ann/walk.mp4: no such video").startswith("/home")
