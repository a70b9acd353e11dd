"""Contact sheets: rows of images of the same frames, with titles."""

from collections.abc import Sequence

import cv2
import numpy as np

TILE_AREA = 240 * 427  # pixels of a tile, for any aspect ratio
GAP = 8
TITLE_HEIGHT = 34
BACKGROUND, TEXT = 24, 225  # gray levels


def contact_sheet(rows: Sequence[tuple[str, Sequence[np.ndarray]]], columns: Sequence[str]) -> np.ndarray:
    """Arrange images in rows, with titles above rows and columns.

    Args:
        rows: (title, images), the images [H, W, 3] uint8 RGB, one for each column. All tiles have the aspect ratio of
            the first image.
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
    for i, (title, images) in enumerate(rows):
        top = TITLE_HEIGHT + i * (TITLE_HEIGHT + height)
        _write(sheet, title, GAP, top)
        top += TITLE_HEIGHT
        for left, image in zip(lefts, images, strict=True):
            tile = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
            sheet[top : top + height, left : left + width] = tile
    return sheet


def tile_size(image: np.ndarray) -> tuple[int, int]:
    """(height, width) of a tile with the aspect ratio of an image and about TILE_AREA pixels."""
    height, width = image.shape[:2]
    scale = (TILE_AREA / (height * width)) ** 0.5
    return round(height * scale), round(width * scale)


def _write(sheet: np.ndarray, text: str, left: int, top: int) -> None:
    baseline = (left, top + TITLE_HEIGHT - 11)
    cv2.putText(sheet, text, baseline, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (TEXT,) * 3, 1, cv2.LINE_AA)
