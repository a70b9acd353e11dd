"""The tests that run inside every Blender."""

from tests.support.artifacts import TESTS
from tests.support.paths import REPOSITORY


def test_tests_that_run_inside_blender_exist() -> None:
    assert all(path.exists() for path in TESTS)


def test_conftests_of_these_tests_need_no_torch() -> None:
    folders = {folder for path in TESTS for folder in (path, *path.parents) if folder.is_relative_to(REPOSITORY)}
    conftests = [folder / "conftest.py" for folder in folders if (folder / "conftest.py").is_file()]
    assert len(conftests) >= 2
    for conftest in conftests:
        assert "\nimport torch" not in conftest.read_text(), conftest
