"""The table of real clips, and fetching them with a check of the hash."""

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.fetch import real_clips
from scripts.fetch.real_clips import CLIPS, fetch_video, find_clip
from scripts.fetch.training_pictures import SOURCES
from scripts.paths import REPOSITORY
from tar_core.errors import TarError
from tar_core.video.reader import VideoReader

REFERENCES = REPOSITORY / "benchmarks" / "references"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache whose wheel of sports2d contains another video."""
    (tmp_path / "wheels").mkdir()
    with zipfile.ZipFile(tmp_path / "wheels" / "sports2d-0.8.34-py3-none-any.whl", "w") as archive:
        archive.writestr("Sports2D/Demo/demo.mp4", b"moving pictures")
    return tmp_path


def test_table_is_consistent() -> None:
    assert len({clip.name for clip in CLIPS}) == len(CLIPS)
    assert {clip.split for clip in CLIPS} == {"tune", "test"}
    for clip in CLIPS:
        assert all(re.fullmatch(r"[0-9a-f]{64}", sha256) for sha256 in clip.members.values()), clip.name
        assert clip.reference is None or (REFERENCES / f"{clip.reference}.npz").is_file(), clip.name


def test_packages_of_training_images_are_not_in_test() -> None:
    training = {source.package for source in SOURCES}
    assert not training & {clip.package for clip in CLIPS if clip.split == "test"}


def test_no_video_is_in_both_splits() -> None:
    hashes: dict[str, set[str]] = {"tune": set(), "test": set()}
    for clip in CLIPS:
        hashes[clip.split].update(clip.members.values())
    assert not hashes["tune"] & hashes["test"]


def test_file_with_another_hash_is_an_error(cache: Path) -> None:
    with pytest.raises(TarError, match="differs from the file that the benchmark was made with"):
        fetch_video(find_clip("jump"), cache=cache)


def test_video_is_unpacked_once(cache: Path) -> None:
    """The hash is that of b"moving pictures"."""
    sha256 = "6cb754acd2d240d3b451bdc7cf7d09b98d66b50c4cd16b01ab9f58c3738778f7"
    clip = replace(find_clip("jump"), members={"Sports2D/Demo/demo.mp4": sha256})
    video = fetch_video(clip, cache=cache)
    assert video.read_bytes() == b"moving pictures"
    (cache / "wheels" / "sports2d-0.8.34-py3-none-any.whl").unlink()
    assert fetch_video(clip, cache=cache) == video, "an existing video needs no wheel"


def test_unknown_cameras_and_clips_are_errors(cache: Path) -> None:
    with pytest.raises(TarError, match="no camera 2"):
        fetch_video(find_clip("jump"), 2, cache)
    with pytest.raises(TarError, match="choose one of balance"):
        find_clip("swim")


def test_command_line_lists_clips(capsys: pytest.CaptureFixture[str]) -> None:
    assert real_clips.main([]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(CLIPS)
    assert real_clips.main(["swim"]) == 2
    assert "no clip" in capsys.readouterr().err


def test_real_clip_is_fetched() -> None:
    """From the real package, to find wrong hashes in the table."""
    try:
        video = fetch_video(find_clip("jump"))
    except TarError as error:
        if "cannot download" in str(error):
            pytest.skip(str(error))
        raise
    reader = VideoReader(video)
    assert (reader.size, reader.fps, reader.frame_count) == ((1768, 994), 30, 230)
