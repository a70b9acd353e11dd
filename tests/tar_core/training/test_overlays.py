"""Skeletons drawn on crops, and the check that images and features belong together."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tar_core.datasets.shards import Clip, write_shard
from tar_core.errors import TarError
from tar_core.training.overlays import Overlays, draw_skeleton
from tar_core.training.trainer import Trainer, TrainingConfig
from tests.support.tar_models import SMALL, build


def gray_clip(poses):
    return Clip(
        images=np.full((9, 256, 256, 3), 90, np.uint8),
        poses=poses,
        betas=np.zeros(10, np.float32),
        trans=np.zeros((9, 3), np.float32),
        joints=np.zeros((9, 24, 3), np.float32),
        crops=np.tile([700.0, 400, 300, 0], (9, 1)),
        focal_length=np.array(1500.0),
        principal_point=np.array([639.5, 359.5]),
        frame_size=np.array([1280, 720]),
        truncated=np.array(False),
        occluded=np.array(False),
        motion=np.array("gray"),
    )


@pytest.fixture
def shards(clips, tmp_path):
    """Shards with gray images for the six random clips."""
    poses = clips.batch(range(6), maps=False).poses.numpy().reshape(6, 9, 24, 3)
    (tmp_path / "shards").mkdir()
    write_shard(tmp_path / "shards" / "shard-0.npz", [gray_clip(clip_poses) for clip_poses in poses])
    return tmp_path / "shards"


def test_checkpoints_draw_true_and_predicted_skeletons(clips, shards, tmp_path):
    overlays = Overlays(shards, clips)
    config = TrainingConfig(steps=2, clips_per_step=2, warmup=1, checkpoint_every=1)
    Trainer(build(SMALL), clips, clips, config, tmp_path / "run", overlays=overlays).run()
    files = sorted(path.name for path in (tmp_path / "run" / "overlays").iterdir())
    assert files == ["step_000001.jpg", "step_000002.jpg"]
    image = cv2.imread(str(tmp_path / "run" / "overlays" / files[0]))
    assert image.shape == (512, 1024, 3)  # six crops in rows of four
    assert (image[256:, 512:] < 20).all(), "no seventh crop"
    assert (image[:256, :256] > 230).all(-1).sum() > 50, "the true skeleton in white"
    drawn = overlays.draw(build(SMALL))
    assert (np.abs(drawn.astype(int) - [255, 140, 0]).max(-1) < 30).sum() > 50, "the predicted skeleton in orange"


def test_bones_connect_the_joints():
    image = np.zeros((256, 256, 3), np.uint8)
    joints = np.full((24, 2), 30.0)
    joints[22] = [200.0, 30.0]
    draw_skeleton(image, joints, (9, 8, 7))
    ys, xs = np.nonzero(image[..., 0])
    assert xs.min() < 31 and xs.max() > 198 and abs(ys.mean() - 30) < 1


def test_shards_of_other_clips_are_refused(clips, shards, tmp_path):
    with pytest.raises(TarError, match="no shards"):
        Overlays(tmp_path, clips)
    poses = clips.batch([0], maps=False).poses.numpy()
    write_shard(shards / "shard-0.npz", [gray_clip(poses)])
    with pytest.raises(TarError, match="fewer clips"):
        Overlays(shards, clips)
    write_shard(shards / "shard-0.npz", [replace(gray_clip(poses), poses=poses + 0.1)])
    with pytest.raises(TarError, match="not the shards of the test clips"):
        Overlays(shards, clips)
