"""Contact sheets show the truth and the capture."""

import cv2
import numpy as np

from benchmarks.world.rendering import make_truth
from benchmarks.world.sheets import CAPTURED, FRAMES, TRUE, VIEW_HEIGHTS, WIDTH, draw_sheet
from tar_core.body.data import load_body
from tar_core.cleanup.pipeline import clean_up
from tar_core.options import NO_CLEANUP
from tar_core.video.writer import VideoWriter
from tests.support.world_people import SITTING, perfect


def test_a_sheet_has_a_column_for_each_frame(tmp_path):
    body = load_body()
    truth = make_truth(SITTING, {}, body)
    clip = perfect(truth)
    clip.people[0].trans += np.float32([0, 0, 0.3])
    with VideoWriter(tmp_path / "video.mp4", 30.0, 1280, 720) as writer:
        for _ in range(len(truth)):
            writer.write(np.full((720, 1280, 3), 128, np.uint8))
    clean = clean_up(clip, body, NO_CLEANUP, on_ground=True)
    draw_sheet(tmp_path / "video.mp4", truth, clean, body, tmp_path / "sheet.png")
    sheet = cv2.imread(str(tmp_path / "sheet.png"))[..., ::-1].astype(int)
    assert sheet.shape == (round(720 * WIDTH / 1280) + sum(VIEW_HEIGHTS), FRAMES * WIDTH, 3)
    for color in (TRUE, CAPTURED):
        assert (np.abs(sheet - color).max(-1) < 20).sum() > 200
