"""The recipes are as many and as different as the benchmark promises."""

import math

from benchmarks.world.cameras import MOVEMENTS
from benchmarks.world.scenes import PORTRAIT, recipes

KINDS = {
    *(
        "walk",
        "back view",
        "crossing",
        "touching",
        "enter and leave",
        "cut at the knees",
        "spin",
        "jump",
        "run",
        "kick",
    ),
    *("serve or throw", "sit down", "get up", "crawl", "lie", "cartwheel"),
}


def test_there_are_at_least_24_videos_of_4_to_8_seconds_with_all_kinds_and_cameras():
    videos = recipes()
    assert len(videos) >= 24
    assert {recipe.kind for recipe in videos} >= KINDS
    assert all(120 <= recipe.frames <= 240 for recipe in videos)
    assert {recipe.movement for recipe in videos} == set(MOVEMENTS)
    assert len({recipe.lens for recipe in videos}) >= 5
    assert any(recipe.size == PORTRAIT for recipe in videos)
    assert all(math.prod(recipe.size) == 1280 * 720 for recipe in videos)


def test_names_seeds_and_digests_are_unique_and_do_not_change():
    videos = recipes()
    for values in ([r.name for r in videos], [r.seed for r in videos], [r.digest for r in videos]):
        assert len(set(values)) == len(videos)
    assert [recipe.digest for recipe in recipes()] == [recipe.digest for recipe in videos]


def test_only_subject_05_is_held_out():
    by_name = {recipe.name: recipe for recipe in recipes()}
    assert by_name["walk_across"].held_out and by_name["crossing"].held_out
    assert not by_name["crawl"].held_out and not by_name["serve"].held_out
    assert sum(recipe.held_out for recipe in by_name.values()) >= 12
