import numpy as np
import pytest

from tar_core.camera.crop import Crop
from tar_core.skeleton import pose_skeleton
from tar_core.synthetic.renderer import (
    Ground,
    Lighting,
    Material,
    Part,
    PersonRenderer,
    clip_from_camera,
    crop_projection,
    light_from_world,
)

PLAIN = Lighting(np.array([0.0, 1.0, 0.0]), np.zeros(3), np.vstack([np.full((1, 3), 0.7), np.zeros((8, 3))]))
# Three meters before the body, looking at it; y up in the world, down in the camera.
VIEW = np.diag([1.0, -1.0, -1.0, 1.0])
VIEW[:3, 3] = [0, -0.3, 3]
PROJECTION = np.array([[300.0, 0, 127.5], [0, 300.0, 127.5], [0, 0, 1]])


def test_crop_projection_is_the_frames_camera_and_then_the_crop():
    crop = Crop(400, 300, 350, 0.3)
    points = np.random.default_rng(0).normal(size=(20, 3)) * 0.5 + [0, 0, 4]
    frame = points[:, :2] / points[:, 2:] * 900 + [639.5, 359.5]
    projected = points @ crop_projection(crop, 900, np.array([639.5, 359.5])).T
    np.testing.assert_allclose(projected[:, :2] / projected[:, 2:], crop.from_image(frame), atol=1e-8)


def test_clip_space_covers_the_crops_pixels_and_keeps_depths_order():
    clip = clip_from_camera(PROJECTION)

    def to_clip(point):
        x, y, z, w = clip @ np.append(point, 1)
        return np.array([x, y, z]) / w

    ray = np.linalg.inv(PROJECTION) @ [-0.5, -0.5, 1]  # the first pixel's outer corner
    np.testing.assert_allclose(to_clip(2 * ray)[:2], [-1, -1], atol=1e-9)
    depths = [to_clip(np.array([0, 0, z]))[2] for z in (0.06, 1, 5, 90)]
    assert depths == sorted(depths) and depths[0] > -1 and depths[-1] < 1


def test_light_looks_at_its_sphere():
    direction = np.array([1.0, 2, 0.5]) / np.linalg.norm([1, 2, 0.5])
    matrix = light_from_world(direction, np.array([1.0, 2, 3]), 1.5)
    np.testing.assert_allclose(matrix @ [1, 2, 3, 1], [0, 0, 0, 1], atol=1e-9)
    nearer = matrix @ np.append(np.array([1, 2, 3]) + direction, 1)
    assert nearer[2] < 0 and abs(nearer[2]) < 1


@pytest.fixture(scope="module")
def renderer(egl):
    return PersonRenderer()


@pytest.fixture(scope="module")
def naked(people):
    """The body alone, gray, and its T-pose's transforms."""
    vertices = people.body.template
    gray = Material(palette=np.full((12, 3), 0.4))
    bones, joints = pose_skeleton(np.zeros((1, 24, 3)), people.joints(np.zeros(10)))
    return [Part(people.body, vertices, people.body.normals(vertices), gray)], bones[0], joints[0]


def silhouette_of(vertices):
    points = (vertices @ VIEW[:3, :3].T + VIEW[:3, 3]) @ PROJECTION.T
    return points[:, :2] / points[:, 2:]


def test_the_body_appears_where_it_projects(renderer, naked):
    parts, bones, _ = naked
    renderer.dress(parts)
    picture = renderer.render(bones, VIEW, PROJECTION, PLAIN)
    assert picture.shape == (256, 256, 4)
    rows, columns = np.nonzero(picture[..., 3] > 127)
    pixels = silhouette_of(parts[0].vertices)
    # A finger's tip is thinner than a pixel.
    np.testing.assert_allclose([columns.min(), columns.max()], [pixels[:, 0].min(), pixels[:, 0].max()], atol=2)
    np.testing.assert_allclose([rows.min(), rows.max()], [pixels[:, 1].min(), pixels[:, 1].max()], atol=1)
    assert rows.min() < 60  # the head is up


def test_supersampling_only_smooths(naked, renderer):
    parts, bones, _ = naked
    fine = PersonRenderer(supersampling=2)
    renderer.dress(parts)
    fine.dress(parts)
    coarse, smooth = (r.render(bones, VIEW, PROJECTION, PLAIN).astype(int) for r in (renderer, fine))
    assert np.abs(coarse - smooth).mean() < 2
    assert (smooth[..., 3] % 255 > 0).sum() > 300
    assert (coarse[..., 3] % 255 > 0).sum() == 0


def test_the_sun_lights_its_side_and_the_body_shades_the_ground(renderer, naked):
    parts, bones, joints = naked
    renderer.dress(parts)
    dark = np.vstack([np.full((1, 3), 0.05), np.zeros((8, 3))])
    from_left = Lighting(np.array([-0.8, 0.6, 0.0]), np.full(3, 1.0), dark)
    ground = Ground(joints[0] * [1, 0, 1] + [0, parts[0].vertices[:, 1].min(), 0], 0.5)
    view = VIEW.copy()
    tip = np.radians(35)
    view[:3, :3] = [[1, 0, 0], [0, -np.cos(tip), -np.sin(tip)], [0, np.sin(tip), -np.cos(tip)]]
    view[:3, 3] = [0, -0.2, 4]
    bare = renderer.render(bones, view, PROJECTION, from_left)
    shaded = renderer.render(bones, view, PROJECTION, from_left, ground)
    shadow = (shaded[..., 3] > 0) & (bare[..., 3] == 0)
    assert shadow.sum() > 200
    assert (shaded[shadow][:, :3] == 0).all() and shaded[shadow][:, 3].max() <= 128
    assert np.nonzero(shadow)[1].mean() > np.nonzero(bare[..., 3])[1].mean() + 10  # it falls to the right
    body = bare[..., 3] > 0
    columns = np.broadcast_to(np.arange(256), (256, 256))
    middle = np.median(columns[body])
    assert bare[body & (columns < middle)][:, 0].mean() > bare[body & (columns > middle)][:, 0].mean()
