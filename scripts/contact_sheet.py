"""A contact sheet: rows of pictures of the same frames, titled."""

from collections.abc import Sequence

import cv2
import numpy as np

TILE_AREA = 240 * 427  # pixels of one picture, whatever its shape
GAP = 8
TITLE_HEIGHT = 34
BACKGROUND, TEXT = 24, 225  # gray levels


def contact_sheet(rows: Sequence[tuple[str, Sequence[np.ndarray]]], columns: Sequence[str]) -> np.ndarray:
    """Lays pictures out in rows, each under its title, with a title over each column.

    Args:
        rows: (title, pictures); pictures [H, W, 3] uint8 RGB, as many a row as there are columns. Every picture is
            shown in the shape of the first one.
        columns: titles of the columns.

    Returns:
        [H, W, 3] uint8 RGB.
    """
    height, width = tile_size(rows[0][1][0])
    sheet_width = GAP + len(columns) * (width + GAP)
    sheet_height = TITLE_HEIGHT + len(rows) * (TITLE_HEIGHT + height) + GAP
    sheet = np.full((sheet_height, sheet_width, 3), BACKGROUND, np.uint8)
    lefts = [GAP + i * (width + GAP) for i in range(len(columns))]
    for left, title in zip(lefts, columns, strict=True):
        _write(sheet, title, left, 0)
    for i, (title, pictures) in enumerate(rows):
        top = TITLE_HEIGHT + i * (TITLE_HEIGHT + height)
        _write(sheet, title, GAP, top)
        top += TITLE_HEIGHT
        for left, picture in zip(lefts, pictures, strict=True):
            sheet[top : top + height, left : left + width] = cv2.resize(
                picture, (width, height), interpolation=cv2.INTER_AREA
            )
    return sheet


def tile_size(picture: np.ndarray) -> tuple[int, int]:
    """(height, width) of a tile in the picture's shape, with about TILE_AREA pixels."""
    height, width = picture.shape[:2]
    scale = (TILE_AREA / (height * width)) ** 0.5
    return round(height * scale), round(width * scale)


def _write(sheet: np.ndarray, text: str, left: int, top: int) -> None:
    baseline = (left, top + TITLE_HEIGHT - 11)
    cv2.putText(sheet, text, baseline, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (TEXT,) * 3, 1, cv2.LINE_AA)
