"""Each protocol against plain loops written after the benchmarks' own scripts, on random bodies."""

import cv2
import numpy as np
import pytest
import torch

from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.evaluation.protocols import PROTOCOLS, Fit, score
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import global_rotations

COUNT, FPS = 9, 30.0
BODY = BodyModel(load_body())


def fit(seed, count=COUNT):
    random = np.random.default_rng(seed)
    steps = 0.05 * random.normal(size=(count, 24, 3)).cumsum(0)
    return Fit(BODY, 0.3 * random.normal(size=(24, 3)) + steps, np.tile(random.normal(size=10), (count, 1)))


def regressor():
    random = np.random.default_rng(5).random((17, len(load_body().v_template))) ** 20
    return random / random.sum(1, keepdims=True)


def meshes(some):
    rotations = torch.from_numpy(axis_angle_to_matrix(some.poses)).float()
    vertices = BODY.vertices(rotations, torch.from_numpy(some.betas).float()).double().numpy()
    return vertices, BODY(rotations, torch.from_numpy(some.betas).float()).joints.double().numpy()


def similarity(source, target):
    """Umeyama's method for one frame: a function that aligns points, and the rotation."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, _, vt = np.linalg.svd(a.T @ b)
    z = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
    rotation = vt.T @ z @ u.T
    scale = np.trace(rotation @ a.T @ b) / (a**2).sum()
    return lambda points: scale * (points - source.mean(0)) @ rotation.T + target.mean(0), rotation


def test_3dpw_scores_match_tcmrs_script():
    """TCMR's evaluate.py: 14 regressed joints, the hips' midpoint at the origin, then accelerations."""
    predicted, true, j = fit(0), fit(1), regressor()
    order = [6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10]  # SPIN's H36M_TO_J14
    (vertices, _), (target, _) = meshes(predicted), meshes(true)
    joints, targets = (j @ vertices)[:, order], (j @ target)[:, order]
    pelvis, target_pelvis = ((x[:, 2:3] + x[:, 3:4]) / 2 for x in (joints, targets))
    expected = {
        "mpjpe": np.linalg.norm(joints - pelvis - targets + target_pelvis, axis=-1).mean(),
        "pa_mpjpe": np.mean(
            [np.linalg.norm(similarity(p, t)[0](p) - t, axis=-1) for p, t in zip(joints, targets, strict=True)]
        ),
        "pve": np.linalg.norm(vertices - pelvis - target + target_pelvis, axis=-1).mean(),
        "accel": np.linalg.norm(
            np.diff(joints - pelvis, 2, axis=0) - np.diff(targets - target_pelvis, 2, axis=0), axis=-1
        ).mean(),
    }
    errors = score(PROTOCOLS["3dpw"], predicted, true, j, FPS)
    assert list(errors) == ["pa_mpjpe", "mpjpe", "pve", "accel"]
    for name, value in expected.items():
        assert errors[name].mean() == pytest.approx(1000 * value, rel=1e-6), name


def test_measured_joints_are_scored_without_mesh():
    """MPI-INF-3DHP's joints end with pelvis, spine and head; only the pelvis is the root."""
    predicted, j = fit(0), regressor()
    order = [6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10, 0, 7, 9]  # SPIN's H36M_TO_J17
    joints = (j @ meshes(predicted)[0])[:, order]
    measured = joints + 0.1 * np.random.default_rng(2).normal(size=joints.shape)
    expected = np.linalg.norm(joints - joints[:, 14:15] - measured + measured[:, 14:15], axis=-1).mean()
    errors = score(PROTOCOLS["mpi-inf-3dhp"], predicted, measured, j, FPS)
    assert list(errors) == ["pa_mpjpe", "mpjpe", "accel"]
    assert errors["mpjpe"].mean() == pytest.approx(1000 * expected, rel=1e-6)


def test_emdb_scores_match_its_script():
    predicted, true = fit(0), fit(1)
    (vertices, joints), (target, targets) = meshes(predicted), meshes(true)
    expected = {name: [] for name in ("mpjpe", "pa_mpjpe", "pve", "pa_pve", "mpjae", "pa_mpjae")}
    angles = [global_rotations(axis_angle_to_matrix(x.poses)) for x in (predicted, true)]
    for frame in range(COUNT):
        p, t = joints[frame], targets[frame]
        shift = (t[1] + t[2]) / 2 - (p[1] + p[2]) / 2
        align, rotation = similarity(p, t)
        expected["mpjpe"].append(1000 * np.linalg.norm(p + shift - t, axis=1).mean())
        expected["pa_mpjpe"].append(1000 * np.linalg.norm(align(p) - t, axis=1).mean())
        expected["pve"].append(1000 * np.linalg.norm(vertices[frame] + shift - target[frame], axis=1).mean())
        expected["pa_pve"].append(1000 * np.linalg.norm(align(vertices[frame]) - target[frame], axis=1).mean())
        for name, alignment in (("mpjae", np.eye(3)), ("pa_mpjae", rotation)):
            between = [
                cv2.Rodrigues(alignment @ angles[0][frame, joint] @ angles[1][frame, joint].T)[0]
                for joint in (0, 1, 2, 4, 5, 16, 17, 18, 19)
            ]
            expected[name].append(np.degrees(np.linalg.norm(between, axis=1).mean()))
    masked = joints.copy()
    masked[:, [0, 7, 8, 10, 11, 20, 21, 22, 23]] = 0
    jerk = np.linalg.norm(np.diff(masked, 3, axis=0) * FPS**3, axis=2).mean() / 10
    errors = score(PROTOCOLS["emdb1"], predicted, true, None, FPS)
    for name, values in expected.items():
        np.testing.assert_allclose(errors[name], values, rtol=1e-5, err_msg=name)
    assert errors["jitter"].mean() == pytest.approx(jerk, rel=1e-6)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_true_parameters_have_no_error(name):
    protocol = PROTOCOLS[name]
    same = fit(3, 140)  # more frames than in one block
    errors = score(protocol, same, same, regressor() if protocol.regressed else None, FPS)
    for metric in set(protocol.metrics) - {"jitter"}:
        assert len(errors[metric]) == (138 if metric == "accel" else 140)
        np.testing.assert_allclose(errors[metric], 0, atol=1e-5, err_msg=metric)
