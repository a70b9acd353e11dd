"""The command that the scripts and benchmarks run is a valid command line of tar-capture."""

from pathlib import Path

import pytest

from scripts.capture_command import capture_command
from tar_core.cli import build_parser


def test_paths_are_absolute() -> None:
    python, *rest = capture_command(Path("a b.mp4"), Path("out/m.npz"), Path("net.safetensors"), Path("over.mp4"))
    assert rest[:2] == ["-m", "tar_core"] and Path(python).is_file()
    options = build_parser().parse_args(rest[2:])
    paths = (options.video, options.output, options.checkpoint, options.overlay)
    assert [path.name for path in paths] == ["a b.mp4", "m.npz", "net.safetensors", "over.mp4"]
    assert all(path.is_absolute() for path in paths), "so that it can run in any folder"


def test_defaults_are_those_of_capture() -> None:
    options = build_parser().parse_args(capture_command(Path("v.mp4"), Path("m.npz"))[3:])
    assert options.checkpoint is None and options.overlay is None and options.people == "all"


@pytest.mark.parametrize("cleanup", [False, True])
def test_motion_is_raw_unless_clean_up_is_requested(cleanup: bool) -> None:
    command = capture_command(Path("v.mp4"), Path("m.npz"), cleanup=cleanup)
    assert build_parser().parse_args(command[3:]).raw is not cleanup


def test_people_and_frames() -> None:
    command = capture_command(Path("v.mp4"), Path("m.npz"), people="largest", every_frame=True)
    options = build_parser().parse_args(command[3:])
    assert options.people == "largest" and options.every_frame
