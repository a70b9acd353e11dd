import importlib
import time

import pytest

from benchmarks.profile_capture import STAGES, Profile


def test_a_stage_does_not_count_the_stages_inside_it() -> None:
    profile = Profile()
    inner = profile.clocked("inner", lambda: time.sleep(0.05))

    def work() -> None:
        inner()
        inner()

    profile.clocked("outer", work)()
    assert profile.stages["inner"].calls == 2 and profile.stages["outer"].calls == 1
    assert profile.stages["outer"].seconds < profile.stages["inner"].seconds


def test_steps_of_a_generator_are_counted() -> None:
    profile = Profile()

    def numbers() -> object:
        yield from range(3)

    assert list(profile.clocked("numbers", numbers)()) == [0, 1, 2]
    assert profile.stages["numbers"].calls == 4, "the last step finds the end"


@pytest.mark.parametrize("place", [place for places in STAGES.values() for place in places])
def test_the_functions_of_all_stages_exist(place: str) -> None:
    module, _, path = place.partition(":")
    found = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    assert callable(found)
