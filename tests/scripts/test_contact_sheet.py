"""Layout of the contact sheet."""

import numpy as np
import pytest

from scripts.contact_sheet import BACKGROUND, GAP, TITLE_HEIGHT, contact_sheet, tile_size


def flat(brightness: int, height: int = 192, width: int = 108) -> np.ndarray:
    return np.full((height, width, 3), brightness, np.uint8)


def test_images_are_arranged_in_rows_and_columns() -> None:
    rows = [("video", [flat(50), flat(100), flat(150)]), ("render", [flat(60), flat(110), flat(160)])]
    sheet = contact_sheet(rows, ["frame 1", "frame 2", "frame 3"])
    height, width = tile_size(flat(0))
    for row in range(2):
        for column in range(3):
            y = TITLE_HEIGHT + row * (TITLE_HEIGHT + height) + TITLE_HEIGHT + height // 2
            x = GAP + column * (width + GAP) + width // 2
            assert sheet[y, x, 0] == 50 + 10 * row + 50 * column


def test_titles_are_above_rows_and_columns() -> None:
    sheet = contact_sheet([("video", [flat(0)])], ["frame 7"])
    assert (sheet[:TITLE_HEIGHT] > BACKGROUND).any(), "column title"
    assert (sheet[TITLE_HEIGHT : 2 * TITLE_HEIGHT] > BACKGROUND).any(), "row title"


@pytest.mark.parametrize("shape", [(1080, 1920), (1920, 1080), (480, 480)])
def test_tiles_keep_the_aspect_ratio_and_area(shape: tuple[int, int]) -> None:
    height, width = tile_size(flat(0, *shape))
    assert height / width == pytest.approx(shape[0] / shape[1], rel=0.01)
    assert height * width == pytest.approx(240 * 427, rel=0.02)


def test_smaller_images_are_scaled_to_the_tile() -> None:
    sheet = contact_sheet([("video", [flat(80, 400, 300)]), ("render", [flat(90, 200, 150)])], ["frame 1"])
    height, width = tile_size(flat(0, 400, 300))
    assert sheet[-GAP - 2, GAP + width - 2, 0] == 90
    assert sheet.shape == (3 * TITLE_HEIGHT + 2 * height + GAP, width + 2 * GAP, 3)


def test_row_with_a_missing_image_is_an_error() -> None:
    with pytest.raises(ValueError):
        contact_sheet([("video", [flat(1)])], ["frame 1", "frame 2"])
