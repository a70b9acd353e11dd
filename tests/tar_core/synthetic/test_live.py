"""Clips that are rendered while they are used."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tar_core.body.data import FREE_BODY
from tar_core.errors import TarError
from tar_core.synthetic.backgrounds import Backgrounds
from tar_core.synthetic.generate import Generator
from tar_core.synthetic.key_poses import key_pose_motions
from tar_core.synthetic.live import LiveClips
from tar_core.synthetic.people import People


def make(garments: Path, background_folder: Path) -> Generator:
    people = People(FREE_BODY, garments)
    return Generator(key_pose_motions(people.joint_template, 3), people, Backgrounds(background_folder))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 1])
def test_clips_are_those_of_the_generator(egl, garments, background_folder, workers: int) -> None:
    factory = partial(make, garments, background_folder)
    random = np.random.default_rng(7 if workers == 0 else [7, 0])
    generator = factory()
    expected = [generator.clip(random) for _ in range(2)]
    live = LiveClips(factory, 7, workers)
    try:
        for clip, wanted in zip(live.take(2), expected, strict=True):
            np.testing.assert_array_equal(clip.images, wanted.images)
            np.testing.assert_array_equal(clip.poses, wanted.poses)
    finally:
        live.close()


@pytest.mark.slow
def test_an_error_of_a_process_is_raised(garments, tmp_path) -> None:
    live = LiveClips(partial(make, garments, tmp_path / "none"), 0, 1)
    try:
        with pytest.raises(TarError, match="no photographs"):
            live.take(1)
    finally:
        live.close()
