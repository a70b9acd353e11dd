"""Option fields: conversion to and from JSON, types and checks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.errors import TarError
from tar_core.option_fields import UnknownOptions, check, from_json, option, options_of, to_json, value_type
from tar_core.options import CaptureOptions, StartBox

capture_options = st.builds(
    CaptureOptions,
    people=st.one_of(st.sampled_from(["all", "largest"]), st.integers(1, 9)),
    start=st.integers(0, 50),
    end=st.one_of(st.none(), st.integers(100, 900)),
    focal_length=st.one_of(st.none(), st.floats(1, 1e5)),
    box=st.one_of(st.none(), st.builds(StartBox, st.integers(60, 90), st.tuples(*[st.floats(0, 999)] * 4))),
    body=st.one_of(st.none(), st.just(Path("SMPL_MALE.npz"))),
    views=st.sampled_from([(), (Path("side.mp4"),), (Path("side.mp4"), Path("back.mp4"))]),
    every_frame=st.booleans(),
    trajectory_scale=st.floats(0, 100),
    threads=st.one_of(st.none(), st.integers(1, 64)),
)


@given(capture_options)
def test_options_survive_json(options: CaptureOptions) -> None:
    assert from_json(CaptureOptions, to_json(options)) == options


def test_json_contains_no_defaults() -> None:
    assert to_json(CaptureOptions()) == {}
    assert to_json(CaptureOptions(box=StartBox(3, (1, 2, 3, 4)))) == {"box": [3, 1, 2, 3, 4]}


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
        {"views": "side.mp4"},
        {"views": ["side.mp4", 3]},
        {"every_frame": 1},
        {"device": 3},
    ],
)
def test_json_values_of_a_wrong_type_are_errors(values: dict[str, Any]) -> None:
    with pytest.raises(TarError, match=next(iter(values))):
        from_json(CaptureOptions, values)


def test_unknown_options_are_named() -> None:
    with pytest.raises(UnknownOptions, match="colour, shape") as error:
        from_json(CaptureOptions, {"shape": 1, "colour": 2, "start": 3})
    assert error.value.names == ("colour", "shape")


@dataclass(frozen=True)
class Example:
    """Options of every kind."""

    count: int | None = option(None, "Count", "A number of things", unit="things", minimum=1)
    share: float = option(0.5, "Share", "A share of things", minimum=0, maximum=1)
    mode: Literal["fast", "slow"] = option("fast", "Mode", "How fast things are")
    file: Path | None = option(None, "File", "A file of things")
    other: int = 0


@pytest.mark.parametrize(("name", "kind"), [("count", int), ("share", float), ("mode", str), ("file", Path)])
def test_type_of_the_values(name: str, kind: type) -> None:
    assert value_type(Example, name) is kind


def test_other_fields_are_not_options() -> None:
    assert list(options_of(Example)) == ["count", "share", "mode", "file"]


def test_numbers_must_be_in_their_range() -> None:
    check(Example(count=1, share=1.0))
    with pytest.raises(TarError, match="^count must be at least 1, not 0$"):
        check(Example(count=0))
    with pytest.raises(TarError, match="^share must be from 0 to 1, not nan$"):
        check(Example(share=float("nan")))
