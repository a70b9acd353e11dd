"""Rendered clips against their labels."""

import numpy as np
import pytest
import torch

from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.datasets.shards import CLIP_FRAMES
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES
from tar_core.synthetic.generate import Generator
from tar_core.synthetic.key_poses import key_pose_motions

INNER_JOINTS = [JOINT_NAMES.index(name) for name in ("pelvis", "spine1", "spine2", "spine3", "left_knee", "right_knee")]


@pytest.fixture(scope="module")
def generator(egl, people, backgrounds):
    return Generator(key_pose_motions(people.joint_template, 3), people, backgrounds)


@pytest.fixture(scope="module")
def clips(generator):
    random = np.random.default_rng(0)
    return [generator.clip(random) for _ in range(3)]


def test_arrays_have_the_documented_shapes(clips):
    for clip in clips:
        assert clip.images.shape == (CLIP_FRAMES, 256, 256, 3) and clip.images.dtype == np.uint8
        assert clip.poses.shape == (CLIP_FRAMES, 24, 3)
        assert clip.betas.shape == (10,)
        assert clip.trans.shape == (CLIP_FRAMES, 3)
        assert clip.joints.shape == (CLIP_FRAMES, 24, 3)
        assert clip.crops.shape == (CLIP_FRAMES, 4)
        assert (clip.joints[..., 2] > 0.4).all()
        np.testing.assert_allclose(clip.principal_point, (clip.frame_size - 1) / 2)


def test_stills_are_the_middle_frames_of_clips(generator):
    still = Generator(generator.motions, generator.people, generator.backgrounds, stills=True)
    one, all_frames = still.clip(np.random.default_rng(5)), generator.clip(np.random.default_rng(5))
    assert one.images.shape == (1, 256, 256, 3) and one.joints.shape == (1, 24, 3)
    np.testing.assert_array_equal(one.joints[0], all_frames.joints[CLIP_FRAMES // 2])
    np.testing.assert_array_equal(one.crops[0], all_frames.crops[CLIP_FRAMES // 2])


def test_body_model_reproduces_the_joints(clips):
    model = BodyModel(load_body())
    for clip in clips:
        rotations = torch.tensor(axis_angle_to_matrix(clip.poses.astype(float)), dtype=torch.float32)
        joints = model(rotations, torch.tensor(clip.betas).expand(CLIP_FRAMES, 10)).joints.numpy()
        np.testing.assert_allclose(joints + clip.trans[:, None], clip.joints, atol=1e-4)


def test_rendered_person_covers_the_projected_joints(generator, monkeypatch):
    """Joints inside the body project into the silhouette."""
    masks = []
    render = generator.renderer.render

    def recording(*arguments):
        masks.append(render(*arguments[:4], None)[..., 3] > 127)
        return render(*arguments)

    monkeypatch.setattr(generator.renderer, "render", recording)
    random = np.random.default_rng(1)
    hits = []
    for _ in range(2):
        masks.clear()
        clip = generator.clip(random)
        frame = clip.joints[..., :2] / clip.joints[..., 2:] * clip.focal_length + clip.principal_point
        for k in range(CLIP_FRAMES):
            pixels = np.round(clip.crop(k).from_image(frame[k, INNER_JOINTS])).astype(int)
            inside = ((pixels >= 0) & (pixels < 256)).all(1)
            hits.extend(masks[k][y, x] for x, y in pixels[inside])
    assert len(hits) > 70
    assert np.mean(hits) > 0.99


def test_person_is_in_the_crop(generator):
    random = np.random.default_rng(2)
    for _ in range(3):
        clip = generator.clip(random)
        frame = clip.joints[4, INNER_JOINTS]
        pixels = clip.crop(4).from_image(frame[:, :2] / frame[:, 2:] * clip.focal_length + clip.principal_point)
        assert ((pixels > 0) & (pixels < 255)).all(1).mean() > 0.6


def test_same_seed_gives_the_same_clip(generator):
    first, again = (generator.clip(np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.poses, again.poses)
    np.testing.assert_array_equal(first.images, again.images)
