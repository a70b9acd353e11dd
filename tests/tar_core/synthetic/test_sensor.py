import numpy as np

from tar_core.camera.crop import Crop
from tar_core.synthetic.sensor import Occluder, Sensor, repeat_border, sample_occluders

CLEAN = Sensor(blur=0.1, motion=np.zeros(2), gain=np.ones(3), gamma=1.0, noise=0.0, quality=100)


def picture(seed=0):
    x, y = np.meshgrid(np.arange(256), np.arange(256))
    waves = [128 + 100 * np.sin((x * a + y * b) / 40 + seed) for a, b in ((1, 0), (0, 1), (1, 1))]
    return np.stack(waves, -1).astype(np.uint8)


def test_beyond_the_frame_its_border_repeats_as_capture_does():
    y, x = np.mgrid[0:240, 0:320].astype(float)

    def scene(x, y):
        """A picture that goes on beyond the frame's edge, as rendered people do."""
        return np.stack([128 + 100 * np.sin(x / 25), 128 + 100 * np.sin(y / 25), 128 + 60 * np.cos((x + y) / 30)], -1)

    crop = Crop(300, 30, 256, 0.2)
    truth = crop.cut(scene(x, y).astype(np.uint8))
    v, u = np.mgrid[0:256, 0:256].astype(float)
    points = crop.to_image(np.stack([u, v], -1))
    drawn = scene(points[..., 0], points[..., 1]).astype(np.uint8)
    wrong = np.abs(drawn.astype(int) - truth).max(-1) > 10
    assert wrong.mean() > 0.3
    result = repeat_border(drawn, crop, (320, 240))
    # Where the frame's nearest pixel lies beyond the crop, the crop's own edge repeats instead.
    nearest = crop.from_image(np.clip(points, 0, [319, 239]))
    known = ((nearest >= 0) & (nearest <= 255)).all(-1)
    assert known.mean() > 0.7
    assert np.abs(result.astype(int) - truth).max(-1)[known].max() < 10


def test_inside_the_frame_nothing_changes():
    image = picture()
    assert repeat_border(image, Crop(500, 500, 300), (1000, 1000)) is image


def test_occluders_stay_where_they_are_in_the_frame():
    pixels = np.full((40, 20, 4), 255, np.uint8)
    thing = Occluder(pixels, np.array([500.0, 400.0]), np.array([4.0, 0.0]), 80.0, 0.0)
    for crop in (Crop(500, 400, 256), Crop(520, 380, 320, 0.4)):
        drawn = thing.draw(np.zeros((256, 256, 3), np.uint8), crop, 0)[..., 0] > 127
        rows, columns = np.nonzero(drawn)
        middle = crop.to_image(np.array([columns.mean(), rows.mean()]))
        np.testing.assert_allclose(middle, [500, 400], atol=1)
        assert abs(drawn.sum() * (crop.size / 256) ** 2 - 80 * 40) < 250
    later = thing.draw(np.zeros((256, 256, 3), np.uint8), Crop(500, 400, 256), 2)[..., 0] > 127
    assert abs(np.nonzero(later)[1].mean() - 127.5 - 8) < 1


def test_sampled_occluders_hide_a_part_of_the_crop(backgrounds):
    crop = Crop(600, 400, 300, 0.1)
    for seed in range(5):
        random = np.random.default_rng(seed)
        image = np.full((256, 256, 3), 77, np.uint8)
        for occluder in sample_occluders(random, backgrounds, crop):
            image = occluder.draw(image, crop, 0)
        assert 0.005 < (image != 77).any(-1).mean() < 0.6


def test_a_clean_sensor_changes_little():
    image = picture()
    seen = CLEAN.expose(np.random.default_rng(0), image, 400)
    assert np.abs(seen.astype(int) - image).mean() < 2


def test_each_fault_shows():
    from dataclasses import replace

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


def test_sampling_is_decided_by_the_seed():
    first, again = (Sensor.sample(np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first.gain, again.gain)
    assert (first.blur, first.quality) == (again.blur, again.quality)
