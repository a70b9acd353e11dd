"""The cache of captured motion."""

from pathlib import Path

import pytest

from tar_blender.engine.cache import cache_size, clear_cache, find_motion, keep_motion
from tar_core.errors import TarError


def test_equal_motions_share_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "cache"
    assert cache_size(folder) == (0, 0)
    first = keep_motion(b"walking", Path("/videos/walk.mp4"), folder)
    assert keep_motion(b"walking", Path("/videos/walk.mp4"), folder) == first
    other = keep_motion(b"running", Path("/videos/walk.mp4"), folder)
    assert first.read_bytes() == b"walking" and other.read_bytes() == b"running"
    assert first.name.startswith("walk-") and cache_size(folder) == (2, 14)


@pytest.mark.parametrize("name", ["n" * 251 + ".mp4", "日本語" * 27 + ".mp4", "👋 walk .mp4"])
def test_any_name_of_a_video_is_kept(name: str, tmp_path: Path) -> None:
    """The name of the motion is longer than that of the video."""
    kept = keep_motion(b"walking", Path("/videos") / name, tmp_path)
    assert kept.read_bytes() == b"walking" and kept.name[:5] == name[:5]
    assert find_motion(str(kept), tmp_path) == kept and cache_size(tmp_path) == (1, 7)


def test_another_blender_clears_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files vanish after they were listed."""
    kept = keep_motion(b"walking", Path("walk.mp4"), tmp_path)
    kept.unlink()
    monkeypatch.setattr(Path, "glob", lambda folder, pattern: iter([kept]))
    assert cache_size(tmp_path) == (0, 0)
    clear_cache(tmp_path)


def test_clearing_keeps_other_files(tmp_path: Path) -> None:
    (tmp_path / "mine.npz").write_text("mine")
    keep_motion(b"walking", Path("walk.mp4"), tmp_path)
    clear_cache(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.npz"]


def test_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TarError, match="choose another cache folder"):
        keep_motion(b"", Path("walk.mp4"), tmp_path / "file")


def test_recorded_motion_is_found_if_it_is_local_or_in_the_cache(tmp_path: Path) -> None:
    kept = keep_motion(b"walking", Path("walk.mp4"), tmp_path / "cache")
    assert find_motion(str(kept), tmp_path / "cache") == kept
    assert find_motion(str(tmp_path / "absent.npz"), tmp_path / "cache") is None
    share = Path("//nas") / "cache"
    assert find_motion(str(share / "walk.tar.npz"), tmp_path / "cache") is None
    assert find_motion("/dev/zero", Path("/dev")) is None
