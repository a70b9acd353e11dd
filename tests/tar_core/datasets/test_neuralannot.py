"""Sequences from SMPL fits in NeuralAnnot's layout."""

from pathlib import Path

import numpy as np

from tar_core.datasets.neuralannot import Frame, build_sequence, group_images
from tests.support.made_up_datasets import BODIES, joints_of, walker


def test_images_are_grouped_and_sorted_by_frame():
    images = [
        {"cam_idx": 2, "frame_idx": 5},
        {"cam_idx": 1, "frame_idx": 10},
        {"cam_idx": 2, "frame_idx": 0},
        {"cam_idx": 1, "frame_idx": 5},
    ]
    groups = group_images(images, ["cam_idx"])
    assert list(groups) == [(1,), (2,)]
    assert [image["frame_idx"] for image in groups[(1,)]] == [5, 10]
    assert [image["frame_idx"] for image in groups[(2,)]] == [0, 5]


def test_fits_are_moved_from_the_world_to_the_camera():
    person = walker(4, moving_camera=False)
    fits = [
        {"pose": pose.ravel().tolist(), "shape": (person.betas + change).tolist(), "trans": [trans.tolist()]}
        for pose, trans, change in zip(person.poses, person.trans, (0.2, -0.2, 0.1, -0.1), strict=True)
    ]
    world = person.world_joints()[:, :17]
    frames = [Frame(number, Path(f"{number}.jpg"), (1000, 1002), fit, world[number]) for number, fit in enumerate(fits)]
    camera = {"R": person.rotations[0].tolist(), "t": (1000 * person.translations[0]).tolist()}
    sequence = build_sequence("walk", frames, camera, [1145.0, 1144.0], [512.5, 515.5], 10.0, BODIES)
    assert (sequence.focal_length, sequence.frame_size, sequence.fps) == (1144.5, (1000, 1002), 10.0)
    np.testing.assert_allclose(sequence.betas, person.betas, atol=1e-12)
    joints = joints_of(sequence.poses, sequence.betas, sequence.trans)
    np.testing.assert_allclose(joints, person.camera_joints(), atol=1e-9)
    np.testing.assert_allclose(sequence.joints, person.camera_joints()[:, :17], atol=1e-9)
    assert sequence.valid.all()


def test_measured_joints_are_optional():
    person = walker(1, moving_camera=False)
    fit = {"pose": person.poses[0].ravel(), "shape": person.betas, "trans": person.trans[0]}
    camera = {"R": np.eye(3), "t": np.zeros(3)}
    frames = [Frame(0, Path("0.jpg"), (10, 10), fit)]
    assert build_sequence("one", frames, camera, [9, 9], [5, 5], 0, BODIES).joints is None
