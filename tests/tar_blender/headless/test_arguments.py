"""Arguments of the headless command."""

import sys

import pytest

from tar_blender.headless.arguments import NAME, build_parser
from tar_blender.headless.command import EXIT_BAD_INPUT, main


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.mp4"], "required: -o/--output"),
        (["a.mp4", "-o", "b.blend", "--people", "0"], "argument --people: people must be at least 1"),
        (["a.mp4", "-o", "b", "--format", "dae"], "argument --format: dae is not one of blend"),
        (["a.mp4", "-o", "b", "--workers", "0"], "argument --workers: workers must be at least 1, not 0"),
        (["a.mp4", "-o", "b.blend", "--fps", "inf"], "argument --fps: 'inf' is not a number above 0"),
        (["a.mp4", "-o", "b", "--resume", "--overwrite"], "not allowed with argument"),
        (["a.mp4", "-o", "b.blend", "--nonsense"], "unrecognized arguments"),
        (["a.mp4", "-o", "b.blend", "--limbs", "ik"], "--limbs is for characters; add --character FILE"),
        (["a.mp4", "-o", "b.blend", "--root-motion"], "--root-motion is for characters; add --character FILE"),
    ],
)
def test_wrong_arguments_are_reported_in_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == EXIT_BAD_INPUT
    error = capsys.readouterr().err
    assert error.startswith(f"{NAME}: ") and words in error and error.count("\n") == 1


def test_help() -> None:
    assert main(["--help"]) == 0


def test_formats_become_file_endings_without_duplicates() -> None:
    options = build_parser().parse_args(["a.mp4", "-o", "out", "--format", "GLB, amass,glb"])
    assert options.format == ["glb", "amass.npz"]


def test_name_is_valid_in_blender() -> None:
    assert NAME.isidentifier()
    assert NAME in sys.modules["tar_blender.headless.command"].__doc__
