"""Adaptation to videos: a checkpoint is written only if it is better on the held-out clips."""

from dataclasses import replace

import pytest

from tar_core.errors import TarError
from tar_core.model.checkpoint import load_tar
from tar_core.training import adapt as adapting
from tar_core.training.adapt import AdaptOptions, adapt, find_videos
from tar_core.training.footage import FittingConfig
from tests.tar_core.training.test_footage import short_video  # noqa: F401  (a fixture)


def test_find_videos_searches_folders(tmp_path):
    for name in ("b.mp4", "a.MOV", "notes.txt"):
        (tmp_path / name).touch()
    named = tmp_path / "notes.txt"  # named files are used whatever their ending
    assert find_videos([tmp_path, named]) == [tmp_path / "a.MOV", tmp_path / "b.mp4", named]
    (tmp_path / "empty").mkdir()
    with pytest.raises(TarError, match="no videos"):
        find_videos([tmp_path / "empty"])


@pytest.mark.slow
def test_network_adapts_to_a_real_video(short_video, untrained_checkpoint, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(adapting, "FittingConfig", lambda: replace(FittingConfig(), iterations=15))
    options = AdaptOptions(checkpoint=untrained_checkpoint, steps=12, learning_rate=1e-3, device="cpu")
    lines: list[str] = []
    output = tmp_path / "adapted.safetensors"
    adapt([short_video], output, tmp_path / "work", options, lines.append)
    before, after = (float(line.split(": ")[1].split()[0]) for line in lines[-2:])
    assert after < before
    assert load_tar(output).config == load_tar(untrained_checkpoint).config


@pytest.mark.slow
def test_nothing_is_written_without_improvement(short_video, untrained_checkpoint, tmp_path):  # noqa: F811
    options = AdaptOptions(checkpoint=untrained_checkpoint, steps=1, learning_rate=0.0, device="cpu")
    output = tmp_path / "adapted.safetensors"
    with pytest.raises(TarError, match="did not improve"):
        adapt([short_video], output, tmp_path / "work", options, lambda line: None)
    assert not output.exists()
