import numpy as np
import torch

from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import pose_skeleton
from tar_core.synthetic.meshes import SkinnedMesh, split_seams, strongest_influences


def test_skinning_equals_the_body_model(people):
    random = np.random.default_rng(0)
    poses, betas = random.normal(size=(2, 24, 3)) * 0.4, random.normal(size=10)
    bones, joints = pose_skeleton(poses, people.joints(betas))
    mesh = people.body
    shaped = np.append(mesh.shaped(betas), np.ones((len(mesh.template), 1)), 1)
    vertices = np.einsum("vk,tvkab,vb->tva", mesh.weights, bones[:, mesh.joints], shaped)[..., :3]

    data = load_body()
    model = BodyModel(data)
    rotations = torch.tensor(axis_angle_to_matrix(poses), dtype=torch.float32)
    shape = torch.tensor(betas, dtype=torch.float32).expand(2, 10)
    np.testing.assert_allclose(joints, model(rotations, shape).joints.numpy(), atol=1e-5)
    truth = model.vertices(rotations, shape).numpy()
    index = split_seams(np.asarray(data.faces), np.asarray(data.uv_faces))[0]
    np.testing.assert_allclose(vertices, truth[:, index], atol=1e-5)


def test_normals_are_continuous_across_seams():
    # Two triangles in the shape of a roof, split along the ridge.
    template = np.array([[0, 1, 0], [0, 1, 1], [-1, 0, 0], [0, 1, 0], [0, 1, 1], [1, 0, 0]], float)
    faces = np.array([[0, 1, 2], [4, 3, 5]])
    zeros = np.zeros((6, 4))
    mesh = SkinnedMesh("roof", template, np.zeros((6, 3, 10)), zeros, zeros, np.zeros((6, 2)), np.zeros(6), faces)
    normals = mesh.normals(template)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
    np.testing.assert_allclose(normals[0], normals[3])
    np.testing.assert_allclose(np.abs(normals[0]), [0, 1, 0], atol=1e-9)


def test_split_seams_reproduces_both_index_sets():
    faces, uv_faces = np.array([[0, 1, 2], [0, 2, 3]]), np.array([[0, 1, 2], [4, 2, 3]])
    vertex, texture, new = split_seams(faces, uv_faces)
    np.testing.assert_array_equal(vertex[new], faces)
    np.testing.assert_array_equal(texture[new], uv_faces)
    assert len(vertex) == 5


def test_strongest_influences_sum_to_one():
    weights = np.random.default_rng(0).random((10, 24)) ** 4
    joints, kept = strongest_influences(weights)
    np.testing.assert_allclose(kept.sum(1), 1)
    assert (joints[:, 0] == weights.argmax(1)).all()
