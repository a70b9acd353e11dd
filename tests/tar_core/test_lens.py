"""The focal length in plain words."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.lens import equivalent_35mm, focal_length_text, focal_length_warning, short_focal_length_text
from tar_core.motion import MotionClip
from tests.support.clips import make_clip, make_person


def clip_with(error: float | None, depths: tuple[float, float] = (3.0, 7.0)) -> MotionClip:
    """A clip of a 36 mm lens with a person who walks from the first depth to the second."""
    person = make_person()
    clip = make_clip([person])
    trans = person.trans.copy()
    trans[:, 2] = np.linspace(*depths, len(person))
    wide = replace(clip, width=1920, height=1080, focal_length=1920.0, people=[replace(person, trans=trans)])
    return replace(wide, focal_length_error=error)


@pytest.mark.parametrize(
    ("error", "text", "short"),
    [
        (None, "36 mm (35 mm equivalent)", "Lens 36 mm"),
        (0.0, "36 mm (35 mm equivalent), as given", "Lens 36 mm"),
        (0.0953, "36 mm (35 mm equivalent), within 10 %", "Lens 36 mm ± 10 %"),
        (0.3, "36 mm (35 mm equivalent), within 35 %, a guess", "Lens 36 mm ± 35 %, a guess"),
    ],
)
def test_text_says_how_certain_the_focal_length_is(error: float | None, text: str, short: str) -> None:
    clip = clip_with(error)
    assert equivalent_35mm(clip) == pytest.approx(36)
    assert focal_length_text(clip) == text and short_focal_length_text(clip) == short


def test_warning_if_an_uncertain_focal_length_misplaces_people() -> None:
    assert "4 m along the line of sight may be wrong by 1.3 m" in focal_length_warning(clip_with(0.3))
    assert not focal_length_warning(clip_with(0.3, depths=(4.0, 4.5)))
    assert not focal_length_warning(clip_with(0.05))
    assert not focal_length_warning(clip_with(0.0)) and not focal_length_warning(clip_with(None))
    assert not focal_length_warning(replace(clip_with(0.3), people=[]))
