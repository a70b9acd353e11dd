import numpy as np
import pytest

from tar_core.people.search import turn_back


@pytest.mark.parametrize("turn", [0, 1, 2, 3, 5])
def test_box_is_turned_back(turn: int) -> None:
    image = np.zeros((40, 70), np.uint8)
    image[5:20, 30:34] = 1
    rows, columns = np.nonzero(np.rot90(image, turn))
    box = np.array([columns.min(), rows.min(), columns.max(), rows.max()])
    assert turn_back(box, turn, image.shape).tolist() == [30, 5, 33, 19]
