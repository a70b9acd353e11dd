"""Capture and clean-up options: valid values, labels and help."""

from collections.abc import Callable
from typing import Any

import pytest

from tar_core.errors import TarError
from tar_core.option_fields import options_of, value_type
from tar_core.options import NO_CLEANUP, CaptureOptions, CleanupOptions, StartBox


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CaptureOptions(people=0), "people must be at least 1"),
        (lambda: CaptureOptions(people="some"), "all, largest or a number"),
        (lambda: CaptureOptions(start=5, end=4), "5 to 4 is empty"),
        (lambda: CaptureOptions(start=-1), "first frame must be at least 0, not -1"),
        (lambda: CaptureOptions(threads=0), "threads must be at least 1, not 0"),
        (lambda: CaptureOptions(focal_length=-1.0), "focal length must be from 1 to 1000000 pixels, not -1"),
        (lambda: CaptureOptions(focal_length=float("nan")), "focal length must be"),
        (lambda: CaptureOptions(focal_length=float("inf")), "focal length must be"),
        (lambda: CaptureOptions(fov=180.0), "from 1 to 169 degrees"),
        (lambda: CaptureOptions(focal_length=1000.0, fov=50.0), "only one"),
        (lambda: CaptureOptions(end=5, box=StartBox(9, (0, 0, 1, 1))), "outside the frame range"),
        (lambda: CaptureOptions(start=5, box=StartBox(3, (0, 0, 1, 1))), "outside the frame range"),
        (lambda: CaptureOptions(trajectory_scale=-1.0), "trajectory scale must be from 0 to 1000000"),
        (lambda: CleanupOptions(smoothing=1.5), "smoothing must be from 0 to 1"),
    ],
)
def test_invalid_values_are_errors_of_one_line(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(TarError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


def test_every_field_has_a_label_and_a_help_text() -> None:
    for cls in (CaptureOptions, CleanupOptions):
        assert set(options_of(cls)) == set(cls.__dataclass_fields__)
        for name, about in options_of(cls).items():
            assert about.label[0].isupper() and len(about.help) > 10 and not about.help.endswith("."), name
            assert value_type(cls, name) is not type(None)


def test_no_cleanup_disables_every_step() -> None:
    assert not any(getattr(NO_CLEANUP, name) for name in options_of(CleanupOptions))


@pytest.mark.parametrize(("people", "expected"), [("all", None), ("largest", 1), (3, 3)])
def test_largest_number_of_people(people: str | int, expected: int | None) -> None:
    assert CaptureOptions(people=people).max_people == expected


def test_capture_starts_at_the_frame_of_the_box() -> None:
    assert CaptureOptions(start=5).first_frame == 5
    assert CaptureOptions(start=5, box=StartBox.parse("7,1,2,3,4")).first_frame == 7
