"""Commands that run in Debian's Blender."""

import subprocess

import pytest

from tests.support.debian_blender import with_exit_code_of


@pytest.mark.parametrize("code", [0, 3, 137])
def test_only_the_exit_code_of_the_command_counts(code: int) -> None:
    wrapper = ["sh", "-c", '"$@"; exit 5', "sh"]
    assert subprocess.run(with_exit_code_of(wrapper, ["sh", "-c", f"exit {code}"])).returncode == code


def test_wrapper_that_does_not_start_the_command_fails() -> None:
    assert subprocess.run(with_exit_code_of(["sh", "-c", "exit 3", "sh"], ["true"])).returncode == 3


def test_killed_command_is_reported_as_by_a_shell() -> None:
    assert subprocess.run(with_exit_code_of(["env"], ["sh", "-c", "kill -9 $$"])).returncode == 137
