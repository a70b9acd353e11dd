"""Backgrounds and their lighting."""

import numpy as np
import pytest

from tar_core.errors import TarError
from tar_core.synthetic.backgrounds import Backgrounds, panorama_lighting, panorama_view, random_lighting

LEVEL = np.diag([1.0, -1.0, -1.0])  # a level camera looking along -z


def directions(rows=64):
    """[rows, 2 rows, 3] directions of the pixels of a panorama."""
    v = (np.arange(rows) + 0.5) / rows * np.pi
    u = (np.arange(2 * rows) + 0.5) / rows * np.pi - np.pi
    v, u = v[:, None], u[None]
    return np.stack([np.sin(v) * np.sin(u), np.cos(v) + 0 * u, -np.sin(v) * np.cos(u)], -1)


def test_panorama_view_matches_the_camera_rays():
    """A panorama whose values are its directions gives the ray of each pixel."""
    panorama = directions(256).astype(np.float32)
    pitch = np.radians(20)
    rotation = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]) @ LEVEL
    view = panorama_view(panorama, (65, 49), 60.0, rotation)
    assert view[24, 32] @ rotation.T == pytest.approx([0, 0, 1], abs=0.02)
    assert view[24, 32, 1] < 0  # pitched down
    x, y = 64 - 32, 0 - 24
    ray = np.array([x, y, 60.0]) / np.linalg.norm([x, y, 60.0])
    np.testing.assert_allclose(view[0, 64] @ rotation.T, ray, atol=0.02)


def test_uniform_panorama_has_no_direction():
    lighting = panorama_lighting(np.full((64, 128, 3), 0.8, np.float32))
    np.testing.assert_allclose(lighting.ambient[0], 0.8, rtol=1e-2)
    np.testing.assert_allclose(lighting.ambient[1:], 0, atol=1e-2)
    np.testing.assert_allclose(lighting.sun_color, 0, atol=1e-3)


def test_spherical_harmonics_equal_the_integral_over_the_sphere():
    """Diffuse reflection of a smooth sky against a sum over all directions."""
    d = directions(64)
    sky = 1 + 0.5 * d[..., 1] + 0.3 * d[..., 0] * d[..., 2] + 0.2 * (3 * d[..., 2] ** 2 - 1)
    lighting = panorama_lighting(np.repeat(sky[..., None], 3, 2).astype(np.float32))
    solid_angle = np.sqrt(1 - d[..., 1] ** 2) * (np.pi / 64) ** 2
    for n in np.eye(3):
        truth = (sky * np.maximum(d @ n, 0) * solid_angle).sum() / np.pi
        x, y, z = n
        basis = np.array([1, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y])
        assert lighting.ambient[:, 0] @ basis == pytest.approx(truth, abs=0.02)


def test_bright_spot_becomes_the_sun():
    panorama = np.full((64, 128, 3), 0.2, np.float32)
    panorama[15:17, 95:97] = 3000.0
    lighting = panorama_lighting(panorama)
    d = directions()
    assert lighting.sun_direction @ d[15:17, 95:97].mean((0, 1)) > 0.99
    assert lighting.sun_color.mean() > lighting.ambient[0].mean()


def test_samples_fill_the_frame_and_are_reproducible(backgrounds):
    for seed in range(8):
        first, again = (backgrounds.sample(np.random.default_rng(seed), (320, 200), 300.0, LEVEL) for _ in range(2))
        assert first.image.shape == (200, 320, 3) and first.image.dtype == np.uint8
        np.testing.assert_array_equal(first.image, again.image)
        assert np.isfinite(first.lighting.ambient).all()
        assert np.linalg.norm(first.lighting.sun_direction) == pytest.approx(1)


def test_random_light_comes_from_above():
    for seed in range(20):
        assert random_lighting(np.random.default_rng(seed)).sun_direction[1] > 0.15


def test_unusable_folders_are_reported(tmp_path):
    with pytest.raises(TarError, match="no photographs"):
        Backgrounds(tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    with pytest.raises(TarError, match="broken"):
        Backgrounds(tmp_path)
