"""Rendered images against projected geometry."""

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
# A camera three meters in front of the body; y points up in the world and down in the camera.
VIEW = np.diag([1.0, -1.0, -1.0, 1.0])
VIEW[:3, 3] = [0, -0.3, 3]
PROJECTION = np.array([[300.0, 0, 127.5], [0, 300.0, 127.5], [0, 0, 1]])


def test_crop_projection_equals_frame_camera_then_crop():
    crop = Crop(400, 300, 350, 0.3)
    points = np.random.default_rng(0).normal(size=(20, 3)) * 0.5 + [0, 0, 4]
    frame = points[:, :2] / points[:, 2:] * 900 + [639.5, 359.5]
    projected = points @ crop_projection(crop, 900, np.array([639.5, 359.5])).T
    np.testing.assert_allclose(projected[:, :2] / projected[:, 2:], crop.from_image(frame), atol=1e-8)


def test_clip_space_covers_the_crop_and_preserves_depth_order():
    clip = clip_from_camera(PROJECTION)

    def to_clip(point):
        x, y, z, w = clip @ np.append(point, 1)
        return np.array([x, y, z]) / w

    ray = np.linalg.inv(PROJECTION) @ [-0.5, -0.5, 1]  # the outer corner of the first pixel
    np.testing.assert_allclose(to_clip(2 * ray)[:2], [-1, -1], atol=1e-9)
    depths = [to_clip(np.array([0, 0, z]))[2] for z in (0.06, 1, 5, 90)]
    assert depths == sorted(depths) and depths[0] > -1 and depths[-1] < 1


def test_light_projection_contains_the_sphere():
    direction = np.array([1.0, 2, 0.5]) / np.linalg.norm([1, 2, 0.5])
    matrix = light_from_world(direction, np.array([1.0, 2, 3]), 1.5)
    np.testing.assert_allclose(matrix @ [1, 2, 3, 1], [0, 0, 0, 1], atol=1e-9)
    nearer = matrix @ np.append(np.array([1, 2, 3]) + direction, 1)
    assert nearer[2] < 0 and abs(nearer[2]) < 1


@pytest.fixture(scope="module")
def renderer(egl):
    return PersonRenderer()


@pytest.fixture(scope="module")
def bare_body(people):
    """The gray body without clothes, and its transforms and joints in the T-pose."""
    vertices = people.body.template
    gray = Material(palette=np.full((12, 3), 0.4))
    bones, joints = pose_skeleton(np.zeros((1, 24, 3)), people.joints(np.zeros(10)))
    return [Part(people.body, vertices, people.body.normals(vertices), gray)], bones[0], joints[0]


def silhouette_of(vertices):
    points = (vertices @ VIEW[:3, :3].T + VIEW[:3, 3]) @ PROJECTION.T
    return points[:, :2] / points[:, 2:]


def test_body_is_rendered_where_it_projects(renderer, bare_body):
    parts, bones, _ = bare_body
    renderer.dress(parts)
    image = renderer.render(bones, VIEW, PROJECTION, PLAIN)
    assert image.shape == (256, 256, 4)
    rows, columns = np.nonzero(image[..., 3] > 127)
    pixels = silhouette_of(parts[0].vertices)
    # Fingertips are thinner than a pixel.
    np.testing.assert_allclose([columns.min(), columns.max()], [pixels[:, 0].min(), pixels[:, 0].max()], atol=2)
    np.testing.assert_allclose([rows.min(), rows.max()], [pixels[:, 1].min(), pixels[:, 1].max()], atol=1)
    assert rows.min() < 60  # the head is at the top


def test_supersampling_smooths_edges(bare_body, renderer):
    parts, bones, _ = bare_body
    fine = PersonRenderer(supersampling=2)
    renderer.dress(parts)
    fine.dress(parts)
    coarse, smooth = (r.render(bones, VIEW, PROJECTION, PLAIN).astype(int) for r in (renderer, fine))
    assert np.abs(coarse - smooth).mean() < 2
    assert (smooth[..., 3] % 255 > 0).sum() > 300
    assert (coarse[..., 3] % 255 > 0).sum() == 0


def test_sun_lights_one_side_and_casts_a_shadow(renderer, bare_body):
    parts, bones, joints = bare_body
    renderer.dress(parts)
    dark = np.vstack([np.full((1, 3), 0.05), np.zeros((8, 3))])
    from_left = Lighting(np.array([-0.8, 0.6, 0.0]), np.full(3, 1.0), dark)
    ground = Ground(joints[0] * [1, 0, 1] + [0, parts[0].vertices[:, 1].min(), 0], 0.5)
    view = VIEW.copy()
    pitch = np.radians(35)
    view[:3, :3] = [[1, 0, 0], [0, -np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), -np.cos(pitch)]]
    view[:3, 3] = [0, -0.2, 4]
    bare = renderer.render(bones, view, PROJECTION, from_left)
    shaded = renderer.render(bones, view, PROJECTION, from_left, ground)
    shadow = (shaded[..., 3] > 0) & (bare[..., 3] == 0)
    assert shadow.sum() > 200
    assert (shaded[shadow][:, :3] == 0).all() and shaded[shadow][:, 3].max() <= 128
    assert np.nonzero(shadow)[1].mean() > np.nonzero(bare[..., 3])[1].mean() + 10  # the shadow falls to the right
    body = bare[..., 3] > 0
    columns = np.broadcast_to(np.arange(256), (256, 256))
    middle = np.median(columns[body])
    assert bare[body & (columns < middle)][:, 0].mean() > bare[body & (columns > middle)][:, 0].mean()


def test_whole_frames_have_more_pixels_and_a_depth_where_the_person_is(egl, bare_body):
    parts, bones, _ = bare_body
    small, large = PersonRenderer(), PersonRenderer(image_size=512)
    images = []
    for renderer in (small, large):
        renderer.dress(parts)
        images.append(renderer.render(bones, VIEW, PROJECTION, PLAIN, Ground(np.array([0, -1.3, 0]), 0.5)))
    assert images[1].shape == (512, 512, 4)
    halved = images[1].reshape(256, 2, 256, 2, 4).mean((1, 3))
    assert np.abs(halved - images[0]).mean() < 1
    depth = large.depth()
    is_person = depth < 1
    assert depth.shape == (512, 512)
    assert (images[1][is_person, 3] == 255).all() and (images[1][~is_person, 3] < 255).all()
