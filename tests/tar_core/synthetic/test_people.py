"""Random people."""

import numpy as np

from tar_core.synthetic.people import face_paint


def test_people_are_complete_and_reproducible(people):
    betas = np.random.default_rng(0).normal(size=10)
    first, again = (people.sample(np.random.default_rng(5), betas) for _ in range(2))
    assert [part.mesh.name for part in first] == [part.mesh.name for part in again]
    assert first[0].mesh.name.startswith("body")
    assert len(first) >= 2
    for part in first:
        assert part.vertices.shape == part.normals.shape == (len(part.mesh.template), 3)
        np.testing.assert_allclose(np.linalg.norm(part.normals[part.mesh.faces], axis=-1), 1, atol=1e-6)


def test_clothes_follow_the_body_shape(people_in_garments):
    """The vertices of a garment stay close to the body's surface for thin and heavy bodies."""
    people = people_in_garments
    mesh = people.wardrobe.garments["male_casualsuit02"].mesh
    for sign in (-2, 2):
        betas = np.array([0, sign] + [0] * 8, float)
        body, cloth = people.body.shaped(betas), mesh.shaped(betas)[::20]
        nearest = np.sqrt(((cloth[:, None] - body[None, ::4]) ** 2).sum(-1)).min(1)
        assert np.quantile(nearest, 0.95) < 0.08


def test_faces_have_eyes_and_brows(people):
    random = np.random.default_rng(0)
    paint = face_paint(random, people.body.template, people._eyes, np.array([0.1, 0.05, 0.02]))
    painted = paint[:, 3] > 0
    assert 50 < painted.sum() < 2000
    position = people.body.template[painted]
    assert position[:, 1].min() > people.joint_template[15, 1]  # above the head joint
    assert position[:, 2].max() > 0
    brows = (paint[:, 3] > 0.5) & (paint[:, 3] < 1)
    eyes = paint[:, 3] == 1
    for side in (1, -1):
        on_side = np.sign(people.body.template[:, 0]) == side
        assert people.body.template[brows & on_side, 1].mean() > people.body.template[eyes & on_side, 1].mean() + 0.01
