"""Options: ranges, JSON, and what they derive."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.errors import TarError
from tar_core.option_fields import UnknownOptions, from_json, options_of, to_json, value_type
from tar_core.options import NO_CLEANUP, CaptureOptions, CleanupOptions, StartBox

capture_options = st.builds(
    CaptureOptions,
    people=st.one_of(st.sampled_from(["all", "largest"]), st.integers(1, 9)),
    start=st.integers(0, 50),
    end=st.one_of(st.none(), st.integers(100, 900)),
    focal_length=st.one_of(st.none(), st.floats(1, 1e5)),
    box=st.one_of(st.none(), st.builds(StartBox, st.integers(60, 90), st.tuples(*[st.floats(0, 999)] * 4))),
    body=st.one_of(st.none(), st.just(Path("SMPL_MALE.npz"))),
    every_frame=st.booleans(),
    trajectory_scale=st.floats(0, 100),
    threads=st.one_of(st.none(), st.integers(1, 64)),
)


@given(capture_options)
def test_json_is_read_back_as_the_same_options(options: CaptureOptions) -> None:
    assert from_json(CaptureOptions, to_json(options)) == options


def test_json_leaves_defaults_out() -> None:
    assert to_json(CaptureOptions()) == {}
    assert to_json(CaptureOptions(box=StartBox(3, (1, 2, 3, 4)))) == {"box": [3, 1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CaptureOptions(people=0), "people must be at least 1"),
        (lambda: CaptureOptions(people="some"), "all, largest or a number"),
        (lambda: CaptureOptions(start=5, end=4), "5 to 4 is empty"),
        (lambda: CaptureOptions(start=-1), "from must be at least 0 frame"),
        (lambda: CaptureOptions(threads=0), "threads must be at least 1"),
        (lambda: CaptureOptions(focal_length=-1.0), "focal length must be at least 1 pixels, not -1"),
        (lambda: CaptureOptions(focal_length=float("nan")), "focal length must be"),
        (lambda: CaptureOptions(focal_length=float("inf")), "focal length must be"),
        (lambda: CaptureOptions(fov=180.0), "from 1 to 169 degrees"),
        (lambda: CaptureOptions(focal_length=1000.0, fov=50.0), "only one"),
        (lambda: CaptureOptions(end=5, box=StartBox(9, (0, 0, 1, 1))), "outside the frame range"),
        (lambda: CaptureOptions(start=5, box=StartBox(3, (0, 0, 1, 1))), "outside the frame range"),
        (lambda: CaptureOptions(trajectory_scale=-1.0), "trajectory scale must be at least 0"),
        (lambda: CleanupOptions(smoothing=1.5), "smoothing must be from 0 to 1"),
    ],
)
def test_values_out_of_range_are_refused_in_one_line(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(TarError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "values",
    [
        {"people": 2.5},
        {"people": True},
        {"start": "3"},
        {"start": True},
        {"focal_length": "long"},
        {"box": [1, 2]},
        {"box": "3"},
        {"body": 3},
        {"every_frame": 1},
        {"device": 3},
    ],
)
def test_json_of_a_wrong_type_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(TarError, match=next(iter(values))):
        from_json(CaptureOptions, values)


def test_unknown_options_are_named() -> None:
    with pytest.raises(UnknownOptions, match="colour, shape") as error:
        from_json(CaptureOptions, {"shape": 1, "colour": 2, "start": 3})
    assert error.value.names == ("colour", "shape")


def test_every_field_is_an_option_with_words() -> None:
    for cls in (CaptureOptions, CleanupOptions):
        assert set(options_of(cls)) == set(cls.__dataclass_fields__)
        for name, about in options_of(cls).items():
            assert about.label[0].isupper() and len(about.help) > 10 and not about.help.endswith("."), name
            assert value_type(cls, name) is not type(None)


def test_no_cleanup_turns_every_step_off() -> None:
    assert not any(getattr(NO_CLEANUP, name) for name in options_of(CleanupOptions))
