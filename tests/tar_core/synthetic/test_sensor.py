"""Occluders and camera effects."""

from dataclasses import replace

import numpy as np

from tar_core.camera.crop import Crop
from tar_core.synthetic.sensor import Occluder, Sensor, repeat_border, sample_occluders

CLEAN = Sensor(blur=0.1, motion=np.zeros(2), gain=np.ones(3), gamma=1.0, noise=0.0, quality=100)


def waves_image(seed=0):
    x, y = np.meshgrid(np.arange(256), np.arange(256))
    waves = [128 + 100 * np.sin((x * a + y * b) / 40 + seed) for a, b in ((1, 0), (0, 1), (1, 1))]
    return np.stack(waves, -1).astype(np.uint8)


def test_border_is_repeated_outside_the_frame():
    y, x = np.mgrid[0:240, 0:320].astype(float)

    def scene(x, y):
        """An image that continues outside the frame, like rendered people."""
        return np.stack([128 + 100 * np.sin(x / 25), 128 + 100 * np.sin(y / 25), 128 + 60 * np.cos((x + y) / 30)], -1)

    crop = Crop(300, 30, 256, 0.2)
    truth = crop.cut(scene(x, y).astype(np.uint8))
    v, u = np.mgrid[0:256, 0:256].astype(float)
    points = crop.to_image(np.stack([u, v], -1))
    drawn = scene(points[..., 0], points[..., 1]).astype(np.uint8)
    wrong = np.abs(drawn.astype(int) - truth).max(-1) > 10
    assert wrong.mean() > 0.3
    result = repeat_border(drawn, crop, (320, 240))
    # If the nearest pixel of the frame is outside the crop, the edge of the crop is repeated instead.
    nearest = crop.from_image(np.clip(points, 0, [319, 239]))
    known = ((nearest >= 0) & (nearest <= 255)).all(-1)
    assert known.mean() > 0.7
    assert np.abs(result.astype(int) - truth).max(-1)[known].max() < 10


def test_crop_inside_the_frame_is_unchanged():
    image = waves_image()
    assert repeat_border(image, Crop(500, 500, 300), (1000, 1000)) is image


def test_occluders_are_fixed_in_the_frame():
    pixels = np.full((40, 20, 4), 255, np.uint8)
    occluder = Occluder(pixels, np.array([500.0, 400.0]), np.array([4.0, 0.0]), 80.0, 0.0)
    for crop in (Crop(500, 400, 256), Crop(520, 380, 320, 0.4)):
        drawn = occluder.draw(np.zeros((256, 256, 3), np.uint8), crop, 0)[..., 0] > 127
        rows, columns = np.nonzero(drawn)
        center = crop.to_image(np.array([columns.mean(), rows.mean()]))
        np.testing.assert_allclose(center, [500, 400], atol=1)
        assert abs(drawn.sum() * (crop.size / 256) ** 2 - 80 * 40) < 250
    later = occluder.draw(np.zeros((256, 256, 3), np.uint8), Crop(500, 400, 256), 2)[..., 0] > 127
    assert abs(np.nonzero(later)[1].mean() - 127.5 - 8) < 1


def test_sampled_occluders_cover_part_of_the_crop(backgrounds):
    crop = Crop(600, 400, 300, 0.1)
    for seed in range(5):
        random = np.random.default_rng(seed)
        image = np.full((256, 256, 3), 77, np.uint8)
        for occluder in sample_occluders(random, backgrounds, crop):
            image = occluder.draw(image, crop, 0)
        assert 0.005 < (image != 77).any(-1).mean() < 0.6


def test_clean_sensor_changes_little():
    image = waves_image()
    exposed = CLEAN.expose(np.random.default_rng(0), image, 400)
    assert np.abs(exposed.astype(int) - image).mean() < 2


def test_each_effect_is_visible():
    random = np.random.default_rng(0)
    image = np.random.default_rng(1).integers(60, 200, (256, 256, 3)).astype(np.uint8)

    def sharpness(sensor, pixels=400.0):
        return np.abs(np.diff(sensor.expose(random, image, pixels).astype(int), axis=1)).mean()

    clean = sharpness(CLEAN)
    assert sharpness(replace(CLEAN, blur=1.5)) < 0.5 * clean
    assert sharpness(replace(CLEAN, motion=np.array([3.0, 0]))) < 0.6 * clean
    assert sharpness(CLEAN, 64) < 0.5 * clean
    bright = replace(CLEAN, gain=np.array([1.2, 1, 1])).expose(random, image, 400)
    assert bright[..., 0].mean() > image[..., 0].mean() * 1.1
    noisy = replace(CLEAN, noise=10.0).expose(random, np.full((256, 256, 3), 100, np.uint8), 400)
    assert 5 < noisy.astype(float).std() < 15


def test_same_seed_gives_the_same_sensor():
    first, again = (Sensor.sample(np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first.gain, again.gain)
    assert (first.blur, first.quality) == (again.blur, again.quality)
