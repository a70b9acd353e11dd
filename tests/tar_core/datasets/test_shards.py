import numpy as np
import pytest

from tar_core.datasets.shards import Clip, ClipShards, read_shard, write_shard
from tar_core.errors import TarError


def made_up_clip(seed, count=9):
    random = np.random.default_rng(seed)
    ramp = np.linspace(0, 255, 256).astype(np.uint8)
    image = np.stack([np.tile(ramp, (256, 1)), np.tile(ramp[:, None], (1, 256)), np.full((256, 256), seed)], -1)
    return Clip(
        images=np.repeat(image[None].astype(np.uint8), count, 0),
        poses=random.normal(size=(count, 24, 3)).astype(np.float32),
        betas=random.normal(size=10).astype(np.float32),
        trans=random.normal(size=(count, 3)).astype(np.float32),
        joints=random.normal(size=(count, 24, 3)).astype(np.float32),
        crops=random.uniform(100, 200, (count, 4)),
        focal_length=np.array(1000.0 + seed),
        principal_point=np.array([639.5, 359.5]),
        frame_size=np.array([1280, 720]),
        truncated=np.array(False),
        occluded=np.array(seed % 2 == 0),
        motion=np.array(f"made/up{seed}"),
    )


def test_written_shards_are_read_back(tmp_path):
    clips = [made_up_clip(seed) for seed in range(3)]
    write_shard(tmp_path / "shard-000000-00000.npz", clips[:2])
    write_shard(tmp_path / "shard-000000-00001.npz", clips[2:])
    shards = ClipShards(tmp_path)
    assert len(shards) == 2
    read = list(shards)
    assert len(read) == 3
    for clip, truth in zip(read, clips, strict=True):
        assert clip.images.shape == (9, 256, 256, 3)
        assert np.abs(clip.images.astype(int) - truth.images).mean() < 2  # JPEG
        np.testing.assert_array_equal(clip.poses, truth.poses)
        np.testing.assert_array_equal(clip.crops, truth.crops)
        assert str(clip.motion) == str(truth.motion)
        assert float(clip.focal_length) == float(truth.focal_length)
    crop = read[0].crop(4)
    assert (crop.center_x, crop.roll) == (clips[0].crops[4, 0], clips[0].crops[4, 3])


def test_missing_and_damaged_shards_are_reported(tmp_path):
    with pytest.raises(TarError, match="no shards"):
        ClipShards(tmp_path)
    (tmp_path / "shard-000000-00000.npz").write_bytes(b"torn")
    with pytest.raises(TarError, match="shard-000000-00000"):
        read_shard(tmp_path / "shard-000000-00000.npz")
