"""Rendering of videos, where OpenGL and the training data are available; composition of people everywhere."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.bench_world import DATA, make_studio
from benchmarks.world.backdrops import make_backdrop
from benchmarks.world.rendering import PersonLayer, compose, make_truth, shaped
from benchmarks.world.scenes import recipes
from scripts.paths import CACHE
from tar_core.body.data import FREE_BODY, load_body
from tar_core.body.shape import rest_joints
from tar_core.errors import TarError
from tar_core.synthetic.people import People
from tar_core.synthetic.renderer import PersonRenderer
from tar_core.video.reader import VideoReader
from tests.support.world_people import SITTING

BODY = load_body()


def test_the_nearer_person_hides_the_other_and_shadows_darken_only_the_background():
    behind = np.full((1, 4, 3), 200, np.uint8)
    one, other = (np.zeros((1, 4, 4), np.uint8) for _ in range(2))
    one[0, :3] = 10, 20, 30, 255
    one[0, 3] = 0, 0, 0, 128  # a shadow
    other[0, 2:] = 40, 50, 60, 255
    depths = np.array([[0.5, 0.5, 0.5, 1]]), np.array([[1, 1, 0.4, 0.4]])
    image, shares = compose(behind, [(one, depths[0]), (other, depths[1])])
    assert image[0].tolist() == [[10, 20, 30], [10, 20, 30], [40, 50, 60], [40, 50, 60]]
    np.testing.assert_allclose(shares, [2 / 3, 1])
    alone, _ = compose(behind, [(one, depths[0])])
    assert alone[0, 3].tolist() == [99, 99, 99]


def test_the_body_of_a_person_has_the_shape_of_its_betas():
    betas = np.linspace(-1, 1, 10)
    np.testing.assert_allclose(rest_joints(shaped(BODY, betas), np.zeros(10)), rest_joints(BODY, betas), atol=1e-5)


def test_truth_places_people_and_camera():
    truth = make_truth(SITTING, {}, BODY)
    assert len(truth) == 120
    middle = (truth.pelvis[0].min(0) + truth.pelvis[0].max(0)) / 2
    np.testing.assert_allclose(middle[[0, 2]], [0.5, 0.2], atol=1e-6)
    assert abs(truth.soles(0, BODY)[..., 1].min()) < 0.02
    assert truth.positions[0].tolist() == [0, 1.5, 4]
    pixels = truth.project(truth.joints(0, BODY))
    assert (pixels > 0).all() and (pixels < truth.size).all()
    with pytest.raises(ValueError, match="fewer than 500"):
        make_truth(replace(SITTING, frames=500), {}, BODY)


@pytest.mark.slow
def test_a_video_shows_the_person_where_the_truth_says(tmp_path):
    if not (DATA / "motion").is_dir() or not (CACHE / "panoramas").is_dir():
        pytest.skip(f"needs recordings and garments in {DATA}, and panoramas in {CACHE}")
    try:
        PersonRenderer()
    except TarError as error:
        pytest.skip(str(error))
    studio = replace(make_studio(DATA, CACHE), cache=tmp_path)
    recipe = replace(next(recipe for recipe in recipes() if recipe.name == "sit_down"), frames=2)
    video, truth = studio.video(recipe)
    (first, _) = VideoReader(video).frames(0, 1)
    assert first.image.shape == (720, 1280, 3)
    assert truth.visible.tolist() == [[1, 1]]
    random = np.random.default_rng(0)
    backdrop = make_backdrop("room", CACHE / "panoramas", random)
    layer = PersonLayer(People(FREE_BODY, studio.garments), truth, 0, backdrop, random)
    x, y = truth.project(truth.joints(0, BODY))[0].round().astype(int).T
    pixels, depth = layer.draw(0)
    assert (depth[y, x] < 1).mean() > 0.9 and (depth < 1).mean() < 0.2
    assert (pixels[y, x, 3] == 255).mean() > 0.9
    assert studio.video(recipe)[0].stat().st_mtime == video.stat().st_mtime  # from the cache
