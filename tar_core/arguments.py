"""Command-line arguments that are derived from options (tar_core/option_fields.py), and hints that name them."""

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from tar_core.edits import PersonEdits, load_edits, parse_height, with_heights
from tar_core.errors import TarError
from tar_core.option_fields import Option, options_of, parse_path, value_type

Options = TypeVar("Options")

# What to do on a command line about errors and warnings, by topic (tar_core/errors.py).
HINTS = {
    "nobody_detected": "--box FRAME,X0,Y0,X1,Y1",
    "moving_camera": "--camera-trajectory FILE",
    "focal_length": "--fov DEGREES, or afterwards tar-capture cleanup --fov DEGREES",
    "trajectory_scale": "--trajectory-scale feet",
    "pytorch": "--device cpu with the default network, or run pip install torch",
}


class OneLineParser(argparse.ArgumentParser):
    """A parser that reports errors in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def add_arguments(
    parser: argparse.ArgumentParser,
    cls: type,
    exclusive: Sequence[Sequence[str]] = (),
    only: Sequence[str] | None = None,
) -> None:
    """Add an argument for each option of a dataclass; `some_option` becomes `--some-option`.

    Args:
        parser: the parser.
        cls: the dataclass.
        exclusive: groups of mutually exclusive options.
        only: names of the options to add (default: all).
    """
    groups = {name: parser.add_mutually_exclusive_group() for names in exclusive for name in [names[0]]}
    group_of = {name: groups[names[0]] for names in exclusive for name in names}
    defaults = {field.name: field.default for field in dataclasses.fields(cls)}
    for name, about in options_of(cls).items():
        if about.command_line and (only is None or name in only):
            _add_argument(group_of.get(name, parser), cls, name, about, defaults[name])


def from_arguments(cls: type[Options], arguments: argparse.Namespace, **others: Any) -> Options:
    """Create the options from parsed arguments; `others` are the values of other fields.

    Raises:
        TarError: a value is out of range, or values contradict each other.
    """
    names = [name for name, about in options_of(cls).items() if about.command_line]
    values = {name: getattr(arguments, name) for name in names}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return cls(**values | others)


def positive_int(text: str) -> int:
    """Read a whole number of at least 1, as the `type` of an argument."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def add_edits(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of edits of people (tar_core/edits.py)."""
    parser.add_argument(
        "--edits",
        type=Path,
        metavar="FILE.json",
        help="File with corrections of people: heights, standing on the floor, and contacts",
    )
    parser.add_argument(
        "--height",
        type=parse_height,
        action="append",
        default=[],
        metavar="PERSON=CM",
        help="Known height of a person in centimeters, such as 1=178; the distance changes with it",
    )


def edits_from(arguments: argparse.Namespace, people: Sequence[int]) -> dict[int, PersonEdits]:
    """Read the edits of the people with these IDs from parsed arguments.

    Raises:
        TarError: the file cannot be read, or it has edits of other people.
    """
    edits = {} if arguments.edits is None else load_edits(arguments.edits)
    return with_heights(edits, arguments.height, people)


def with_values(
    arguments: argparse.Namespace, classes: Sequence[type], values: Mapping[str, Any]
) -> argparse.Namespace:
    """A copy of parsed arguments with other values of some options.

    Args:
        arguments: the parsed arguments.
        classes: the dataclasses of the options.
        values: by option, with hyphens or underscores; texts in the form of the command line, numbers, booleans, or
            lists of files.

    Raises:
        TarError: an option is unknown, or a value has the wrong form or is out of range.
    """
    changed = argparse.Namespace(**vars(arguments))
    for given, value in values.items():
        name = given.replace("-", "_")
        cls = next((cls for cls in classes if name in options_of(cls) and options_of(cls)[name].command_line), None)
        if cls is None:
            raise TarError(f"there is no option {given}")
        try:
            setattr(changed, name, _value(cls, name, value))
        except argparse.ArgumentTypeError as error:
            raise TarError(f"{given}: {error}") from None
    return changed


def _value(cls: type, name: str, value: Any) -> Any:
    about = options_of(cls)[name]
    if value_type(cls, name) is tuple:
        return tuple(_reader(cls, name, about)(str(file)) for file in value)
    text = str(value)
    choices: list[Any] = [value for value, _, _ in about.choices]
    if value_type(cls, name) is bool:
        choices, text = ["true", "false"], text.lower()
    if choices and text not in choices:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(choices)}")
    return text == "true" if choices == ["true", "false"] else text if choices else _reader(cls, name, about)(text)


def _add_argument(parser: Any, cls: type, name: str, about: Option, default: Any) -> None:
    flag, kind = f"--{name.replace('_', '-')}", value_type(cls, name)
    shown = about.help.replace("%", "%%")
    if kind is bool:
        if default:
            parser.add_argument(
                flag, action=argparse.BooleanOptionalAction, default=True, help=f"{shown} (default: on)"
            )
        else:
            parser.add_argument(flag, action="store_true", help=shown)
        return
    if default not in (None, ()):
        shown += " (default: %(default)s)"
    if about.choices:
        parser.add_argument(flag, choices=[value for value, _, _ in about.choices], default=default, help=shown)
        return
    several: dict[str, Any] = {"nargs": "+"} if kind is tuple else {}
    parser.add_argument(
        flag, type=_reader(cls, name, about), default=default, metavar=_metavar(about), help=shown, **several
    )


def _metavar(about: Option) -> str:
    """Placeholder of a value: in capitals, except for words that are typed as they are, such as all|largest|N."""
    return about.unit if "|" in about.unit else about.unit.upper()


def _reader(cls: type, name: str, about: Option) -> Any:
    """A function that converts and checks a value, so that argparse names the argument in its error."""
    kind = value_type(cls, name)
    convert = about.parse or (parse_path if kind is tuple else kind)
    form = {int: "a whole number", float: "a number"}.get(kind) if about.parse is None else None

    def read(text: str) -> Any:
        try:
            value = convert(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {form or f'of the form {_metavar(about)}'}") from None
        try:
            cls(**{name: (value,) if kind is tuple else value})
        except TarError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return value

    return read
