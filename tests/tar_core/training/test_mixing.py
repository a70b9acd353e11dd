"""Mixtures of cached clips."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tar_core.datasets.features import FeatureClips, save_features
from tar_core.errors import TarError
from tar_core.training.mixing import MixedClips, Part, load_clips, read_mixture


def write_mixture(path, *weights):
    path.write_text("".join(f'[[data]]\nfeatures = "{name}"\nweight = {weight}\n' for name, weight in weights))
    return path


@pytest.fixture
def folder(clips, tmp_path):
    """A folder with six clips in `features` and thirty clips of another shape in `many`."""
    (tmp_path / "many").mkdir()
    for number in range(5):
        shard = load_file(tmp_path / "features" / "shard-0.safetensors")
        save_file({**shard, "betas": shard["betas"] * 0 + 5}, tmp_path / "many" / f"shard-{number}.safetensors")
    return tmp_path


def test_shares_do_not_depend_on_the_number_of_clips(folder):
    mixed = load_clips(write_mixture(folder / "mix.toml", ("features", 3), ("many", 1)))
    assert isinstance(mixed, MixedClips) and len(mixed) == 36
    np.testing.assert_allclose([mixed.shares[:6].sum(), mixed.shares[6:].sum()], [0.75, 0.25])
    random = np.random.default_rng(0)
    sampled = np.array([mixed.sample(1, random) for _ in range(2000)])
    assert (sampled < 6).mean() == pytest.approx(0.75, abs=0.03)
    assert len(set(mixed.sample(20, random))) == 20


def test_clips_are_read_from_their_own_folder(folder):
    mixed = MixedClips([Part(folder / "features", 1), Part(folder / "many", 1)])
    batch = mixed.batch([2, 7])
    assert torch.equal(batch.poses[:9], FeatureClips(folder / "features").batch([2]).poses)
    assert (batch.betas[9:] == 5).all() and not (batch.betas[:9] == 5).any()


def test_clips_of_different_backbones_are_refused(folder):
    shard = load_file(folder / "many" / "shard-0.safetensors")
    (folder / "other").mkdir()
    save_file({**shard, "vector": shard["vector"].repeat(1, 2)}, folder / "other" / "shard-0.safetensors")
    with pytest.raises(TarError, match="other.*same backbone"):
        MixedClips([Part(folder / "features", 1), Part(folder / "other", 1)])


def test_stills_are_mixed_with_clips_without_maps(folder):
    still = FeatureClips(folder / "features").batch([0])[:1].repeat_frames(9)
    (folder / "stills").mkdir()
    save_features(folder / "stills" / "a.safetensors", still, 9)
    mixed = MixedClips([Part(folder / "features", 1), Part(folder / "stills", 1)])
    assert [mixed.is_moving(clip) for clip in (0, 6)] == [True, False]
    batch = mixed.batch([0, 6], maps=False)
    assert torch.equal(batch.poses[9:], batch.poses[:1].expand(9, 24, 3))
    with pytest.raises(TarError, match="without maps"):
        mixed.batch([0, 6])


@pytest.mark.parametrize(
    "text", ["", "data = 3", "[[data]]\nfeatures = 'a'", "[[data]]\nfeatures = 'a'\nweight = -1", "["]
)
def test_invalid_mixtures_are_refused(tmp_path, text):
    (tmp_path / "mix.toml").write_text(text)
    with pytest.raises(TarError, match="mix.toml"):
        read_mixture(tmp_path / "mix.toml")


def test_missing_files_are_reported(tmp_path):
    with pytest.raises(TarError, match="gone.toml"):
        load_clips(tmp_path / "gone.toml")
    with pytest.raises(TarError, match="no cached features"):
        load_clips(write_mixture(tmp_path / "mix.toml", ("nowhere", 1)))
