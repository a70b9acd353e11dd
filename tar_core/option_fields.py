"""Metadata, checks and JSON conversion of options. The options themselves are in tar_core/options.py."""

import dataclasses
import math
import os
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from tar_core.errors import TarError

Options = TypeVar("Options")

LARGEST_INTEGER = 2**31 - 1  # of Blender's properties
_SHOWN = 100  # characters of a wrong value in a message
_UNITS = ("pixels", "degrees")  # other texts in `Option.unit` describe the form of the value


@dataclass(frozen=True)
class Option:
    """Metadata of an option, in addition to the name, type and default of its field.

    Attributes:
        label: the name in Blender, in title case.
        help: one sentence without a final period.
        unit: the unit, e.g. "pixels", or the form of the value, e.g. "all|largest|N". The placeholder of the argument.
        minimum, maximum: the range, including both ends; None is unlimited.
        soft_maximum: the end of Blender's slider; larger values can be typed.
        choices: (value, label, help) of each value of an enumeration.
        parse: converts the text of a command-line argument; None converts by the field's type.
        command_line: whether the command line has an argument for it.
        blender: whether a property in Blender is generated from it. Options that Blender shows in another form, such as
            the focal length, have hand-written properties instead.
        preset: whether presets contain it.
    """

    label: str
    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    soft_maximum: float | None = None
    choices: tuple[tuple[str, str, str], ...] = ()
    parse: Callable[[str], Any] | None = None
    command_line: bool = True
    blender: bool = True
    preset: bool = True


def option(default: Any, label: str, help: str, **rest: Any) -> Any:
    """Create a dataclass field with an `Option` as its metadata.

    Args:
        default: the default of the field.
        label, help, rest: the attributes of `Option`.
    """
    return dataclasses.field(default=default, metadata={"option": Option(label, help, **rest)})


def options_of(cls: type) -> dict[str, Option]:
    """Return the options of a dataclass by field name."""
    return {field.name: field.metadata["option"] for field in dataclasses.fields(cls) if "option" in field.metadata}


@cache
def value_type(cls: type, name: str) -> type:
    """Return the type of an option's values other than None: bool, int, float, str, Path, or another class.

    Files of which there may be several have the type tuple.
    """
    hint = typing.get_type_hints(cls)[name]
    kinds = [kind for kind in typing.get_args(hint) if kind is not types.NoneType] if _is_union(hint) else [hint]
    kind = kinds[-1]
    origin = typing.get_origin(kind)
    return str if origin is Literal else origin or kind


def check(options: Any) -> None:
    """Check that every number is finite and in its range, and every value of an enumeration is one of its choices.

    Raises:
        TarError: a value is not.
    """
    for name, about in options_of(type(options)).items():
        value = getattr(options, name)
        choices = [choice for choice, _, _ in about.choices]
        if choices and value not in choices:
            raise TarError(f"{about.label.lower()} must be {' or '.join(choices)}, not {_shown(value)}")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        low = -math.inf if about.minimum is None else about.minimum
        high = math.inf if about.maximum is None else about.maximum
        if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            raise TarError(f"{about.label.lower()} must be at most {LARGEST_INTEGER}, not {_shown(value)}")
        if not (math.isfinite(value) and low <= value <= high):
            raise TarError(f"{about.label.lower()} must be {_range_text(about)}, not {value:g}")


def from_json(cls: type[Options], values: Mapping[str, Any]) -> Options:
    """Create options from JSON values. Options that are missing or null get their defaults.

    Raises:
        TarError: an option is unknown, or a value has the wrong type or is out of range.
    """
    unknown = sorted(set(values) - set(options_of(cls)))
    if unknown:
        raise UnknownOptions(unknown)
    return cls(**{name: _from_json(cls, name, value) for name, value in values.items() if value is not None})


def to_json(options: Any) -> dict[str, Any]:
    """Convert the options that differ from their defaults to JSON values; the inverse of `from_json`."""
    defaults = {field.name: field.default for field in dataclasses.fields(options)}
    values = {name: getattr(options, name) for name in options_of(type(options))}
    return {name: _to_json(value) for name, value in values.items() if value != defaults[name]}


def parse_path(text: str) -> Path:
    """Convert text to a path.

    Raises:
        ValueError: no file can have this name.
    """
    if b"\0" in os.fsencode(text):
        raise ValueError("a path contains no null character")
    return Path(text)


class UnknownOptions(TarError):
    """Raised for options that this version does not know because a newer version has sent them."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"unknown options: {', '.join(names)}; update TAR")
        self.names = tuple(names)


def _from_json(cls: type, name: str, value: Any) -> Any:
    kind = value_type(cls, name)
    try:
        if isinstance(value, str) and (parse := options_of(cls)[name].parse) is not None:
            return parse(value)
        if hasattr(kind, "from_json"):
            return kind.from_json(value)
        if kind is Path and isinstance(value, str):
            return parse_path(value)
        if kind is tuple and isinstance(value, list) and all(isinstance(path, str) for path in value):
            return tuple(map(parse_path, value))
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
    except (TypeError, ValueError, OverflowError):
        pass
    raise TarError(f"{name}: expected a value of type {kind.__name__}, not {_shown(value)}")


def _shown(value: Any) -> str:
    """A value in a message: the beginning, since it may be very long."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _to_json(value: Any) -> Any:
    if hasattr(value, "to_json"):
        return value.to_json()
    if isinstance(value, tuple):
        return [str(path) for path in value]
    return str(value) if isinstance(value, Path) else value


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _range_text(about: Option) -> str:
    unit = f" {about.unit}" if about.unit in _UNITS else ""
    if about.minimum is None and about.maximum is None:
        return "a finite number"
    if about.maximum is None:
        return f"at least {about.minimum:g}{unit.removesuffix('s') if about.minimum == 1 else unit}"
    return f"from {about.minimum:.10g} to {about.maximum:.10g}{unit}"
