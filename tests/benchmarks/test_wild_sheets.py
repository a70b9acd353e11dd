"""Contact sheets from motion files."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import wild_sheets
from benchmarks.wild_sheets import draw_sheet, spread_frames
from scripts.fetch.real_clips import find_clip
from tar_core.motion import MotionClip, PersonMotion
from tests.support.paths import DATA

GRAYS = DATA / "twelve_greys.mp4"


@pytest.fixture
def motions(tmp_path: Path) -> Path:
    """A folder with a motion file for `jump`, whose video has uniform gray frames."""
    height, width = cv2.VideoCapture(str(GRAYS)).read()[1].shape[:2]
    person = PersonMotion(
        person_id=1,
        poses=np.zeros((12, 72)),
        betas=np.zeros(10),
        trans=np.tile([0.0, 0, 4], (12, 1)),
        frames=np.arange(12),
        boxes=np.tile([width * 0.25, height * 0.25, width * 0.5, height], (12, 1)),
        confidence=np.ones(12),
    )
    center = np.array([width - 1, height - 1]) / 2
    MotionClip(30, width, height, float(height), center, str(GRAYS), [person]).save(tmp_path / "jump_cam01.npz")
    return tmp_path


def test_sheet_has_rows_with_and_without_bodies(motions: Path) -> None:
    sheet = draw_sheet(find_clip("jump"), motions)
    assert sheet is not None
    colorful = (np.ptp(sheet.astype(int), axis=-1) > 20).any(1)
    assert not colorful[: len(colorful) // 2].any(), "the row of the video is gray"
    assert colorful[len(colorful) // 2 :].any(), "the row with the body is not"


def test_frames_cover_the_clip_even_without_people(motions: Path) -> None:
    clip = MotionClip.load(motions / "jump_cam01.npz")
    alone = replace(clip, people=[replace(clip.people[0], frames=np.arange(5, 17))])
    assert spread_frames(find_clip("jump"), alone) == [0, 2, 4, 7, 9, 11]
    assert spread_frames(find_clip("suit"), alone) == [30, 34, 37, 41, 44, 48]


def test_command_line_writes_sheets(motions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "sheets"
    assert wild_sheets.main(["--motions", str(motions), "--output", str(output)]) == 0
    assert [path.name for path in output.iterdir()] == ["jump.png"]
    assert wild_sheets.main(["--motions", str(output), "--output", str(output)]) == 2
    assert "run python -m benchmarks.bench_real --all first" in capsys.readouterr().err
