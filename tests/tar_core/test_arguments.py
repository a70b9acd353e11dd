"""Command-line arguments from options."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import pytest

from tar_core.arguments import HINTS, OneLineParser, add_arguments, from_arguments, positive_int, with_values
from tar_core.errors import TarError
from tar_core.option_fields import check, option
from tar_core.options import CaptureOptions


@dataclass(frozen=True)
class Example:
    """Options of every kind."""

    share: float = option(0.5, "Share", "A share, e.g. 50%", unit="0..1", minimum=0, maximum=1)
    count: int | None = option(None, "Count", "A number of things", unit="number", minimum=1)
    file: Path | None = option(None, "File", "A file of things", unit="file")
    on_by_default: bool = option(True, "On", "A step that can be disabled")
    off_by_default: bool = option(False, "Off", "A step that can be enabled")
    mode: str = option("fast", "Mode", "How fast", choices=(("fast", "Fast", "Few steps"), ("slow", "Slow", "Many")))
    hidden: str = option("", "Hidden", "Only for scripts", command_line=False)

    def __post_init__(self) -> None:
        check(self)
        if self.count == 13:
            raise TarError("13 is not a number of things; give another one")


def parse(*arguments: str) -> Example:
    parser = OneLineParser(prog="example")
    add_arguments(parser, Example, exclusive=[("share", "count")])
    return from_arguments(Example, parser.parse_args(arguments))


def test_defaults() -> None:
    assert parse() == Example()


def test_every_kind_of_argument() -> None:
    arguments = ("--count", "3", "--file", "a.npz", "--no-on-by-default", "--off-by-default", "--mode", "slow")
    assert parse(*arguments) == Example(0.5, 3, Path("a.npz"), False, True, "slow")


def test_several_files() -> None:
    parser = OneLineParser(prog="program")
    add_arguments(parser, CaptureOptions)
    arguments = parser.parse_args(["--views", "side.mp4", "back.mp4", "--start", "3"])
    assert from_arguments(CaptureOptions, arguments).views == (Path("side.mp4"), Path("back.mp4"))
    other = with_values(arguments, [CaptureOptions], {"views": ["above.mp4"]})
    assert from_arguments(CaptureOptions, other).views == (Path("above.mp4"),)
    assert from_arguments(CaptureOptions, parser.parse_args([])).views == ()


def test_other_values_are_given_by_the_caller() -> None:
    parser = OneLineParser(prog="example")
    add_arguments(parser, Example)
    assert from_arguments(Example, parser.parse_args([]), hidden="value").hidden == "value"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--share", "2"], "argument --share: share must be from 0 to 1"),
        (["--share", "half"], "argument --share: 'half' is not a number"),
        (["--count", "13"], "argument --count: 13 is not a number of things"),
        (["--mode", "best"], "argument --mode: invalid choice: 'best'"),
        (["--hidden", "x"], "unrecognized arguments: --hidden"),
        (["--share", "1", "--count", "1"], "not allowed with argument"),
    ],
)
def test_wrong_arguments_are_errors_of_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        parse(*arguments)
    error = capsys.readouterr().err
    assert end.value.code == 2 and words in error
    assert error.endswith("see example --help\n") and error.count("\n") == 1


def test_hints_name_arguments_of_a_capture() -> None:
    parser = OneLineParser()
    add_arguments(parser, CaptureOptions)
    for hint in HINTS.values():
        assert f"{hint.split()[0]} " in parser.format_help()


def test_help_has_the_default_and_the_placeholder(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("--help")
    shown = " ".join(capsys.readouterr().out.split())
    assert "--share 0..1 A share, e.g. 50% (default: 0.5)" in shown and "--file FILE A file of things" in shown
    assert "A step that can be disabled (default: on)" in shown


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "many"])
def test_counts_are_at_least_1(text: str) -> None:
    assert positive_int("12") == 12
    with pytest.raises(argparse.ArgumentTypeError, match="at least 1"):
        positive_int(text)
