"""Fitting a network to footage: what is written is better on what was held out, and nothing else is written."""

from dataclasses import replace

import pytest

from tar_core.errors import TarError
from tar_core.model.checkpoint import load_tar
from tar_core.training import adapt as adapting
from tar_core.training.adapt import AdaptOptions, adapt, find_videos
from tar_core.training.footage import FittingConfig
from tests.tar_core.training.test_footage import short_video  # noqa: F401  (a fixture)


def test_videos_in_folders(tmp_path):
    for name in ("b.mp4", "a.MOV", "notes.txt"):
        (tmp_path / name).touch()
    named = tmp_path / "notes.txt"  # a file that is named is taken as it is: reading it tells what is wrong
    assert find_videos([tmp_path, named]) == [tmp_path / "a.MOV", tmp_path / "b.mp4", named]
    (tmp_path / "empty").mkdir()
    with pytest.raises(TarError, match="no videos"):
        find_videos([tmp_path / "empty"])


def test_a_network_learns_a_real_video(short_video, untrained_checkpoint, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(adapting, "FittingConfig", lambda: replace(FittingConfig(), iterations=15))
    options = AdaptOptions(checkpoint=untrained_checkpoint, steps=4, learning_rate=1e-3, device="cpu")
    told: list[str] = []
    output = tmp_path / "adapted.safetensors"
    adapt([short_video], output, tmp_path / "work", options, told.append)
    before, after = (float(line.split(": ")[1].split()[0]) for line in told[-2:])
    assert after < before
    assert load_tar(output).config == load_tar(untrained_checkpoint).config


@pytest.mark.slow
def test_no_gain_writes_nothing(short_video, untrained_checkpoint, tmp_path):  # noqa: F811
    options = AdaptOptions(checkpoint=untrained_checkpoint, steps=1, learning_rate=0.0, device="cpu")
    output = tmp_path / "adapted.safetensors"
    with pytest.raises(TarError, match="no better"):
        adapt([short_video], output, tmp_path / "work", options, lambda line: None)
    assert not output.exists()
