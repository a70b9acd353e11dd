"""The videos of a batch."""

import io
import json
from pathlib import Path

import pytest

from tar_core.batch.inputs import BatchVideo, find_videos, is_several
from tar_core.errors import TarError
from tar_core.files import VIDEO_ENDINGS


@pytest.fixture
def takes(tmp_path: Path) -> Path:
    folder = tmp_path / "takes"
    for name in ("b.mp4", "a.MOV", "notes.txt", "day 1/c.mp4", "day 1/d[1].mp4"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def names(videos: list[BatchVideo]) -> list[str]:
    return [video.name for video in videos]


def test_videos_of_folders_are_sorted_by_name(takes: Path, tmp_path: Path) -> None:
    single = tmp_path / "elsewhere" / "e.npz"
    assert names(find_videos([single, takes])) == ["e", "a", "b"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(TarError, match="contains no video"):
        find_videos([tmp_path / "empty"])
    with pytest.raises(TarError, match="same name"):
        find_videos([Path("x/a.mp4"), Path("y/a.mov")])


def test_videos_of_every_kind_are_found_in_a_folder(tmp_path: Path) -> None:
    for number, ending in enumerate(VIDEO_ENDINGS):
        (tmp_path / f"{number}{ending.upper() if number % 2 else ending}").touch()
    assert {".ts", ".m2ts", ".mxf", ".wmv", ".flv", ".ogv", ".gif"} < set(VIDEO_ENDINGS)
    assert sorted(map(int, names(find_videos([tmp_path])))) == list(range(len(VIDEO_ENDINGS)))


def test_hidden_files_are_no_videos(takes: Path) -> None:
    (takes / "._b.mp4").write_bytes(b"\0\5\x16\7 written by macOS")
    assert names(find_videos([takes])) == ["a", "b"]
    assert names(find_videos([f"{takes}/*.mp4"])) == ["b"]


def test_patterns_find_videos_in_subfolders(takes: Path) -> None:
    assert names(find_videos([f"{takes}/**/*"])) == ["a", "b", "c", "d[1]"]
    assert names(find_videos([takes / "day 1" / "d[1].mp4"])) == ["d[1]"], "a file with brackets in its name"
    with pytest.raises(TarError, match="no video has such a name"):
        find_videos([f"{takes}/*.avi"])


def test_tables_name_videos_and_their_options(takes: Path) -> None:
    table = takes / "list.csv"
    table.write_text("video,name,fov,static_camera\na.MOV,,60,true\nday 1/c.mp4,third,,\n", encoding="utf-8-sig")
    first, second = find_videos([table])
    assert first == BatchVideo(takes / "a.MOV", "a", {"fov": "60", "static_camera": "true"})
    assert second == BatchVideo(takes / "day 1" / "c.mp4", "third", {})


def test_lines_name_videos_and_their_options(takes: Path) -> None:
    lines = takes / "list.jsonl"
    lines.write_text(json.dumps({"video": "a.MOV", "fov": 60, "name": "x"}) + "\n\nb.mp4\n")
    assert find_videos([lines]) == [BatchVideo(takes / "a.MOV", "x", {"fov": 60}), BatchVideo(takes / "b.mp4", "b", {})]


def test_views_are_beside_the_list(takes: Path) -> None:
    table, lines = takes / "list.csv", takes / "list.jsonl"
    table.write_text("video,views\nb.mp4,day 1/c.mp4; a.MOV\na.MOV,\n")
    lines.write_text(json.dumps({"video": "b.mp4", "views": ["day 1/c.mp4", "a.MOV"]}))
    views = {"views": [str(takes / "day 1/c.mp4"), str(takes / "a.MOV")]}
    assert [video.options for video in find_videos([table])] == [views, {}]
    assert [video.options for video in find_videos([lines])] == [views]


def test_standard_input_names_videos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a.mp4\nfolder/b.mp4\n"))
    assert [str(video) for video in find_videos(["-"])] == ["a.mp4", "folder/b.mp4"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("l.csv", "video\n", "the list is empty"),
        ("l.csv", "name,fov\nx,3\n", "line 2 names no video"),
        ("l.csv", "video\na.mp4,60\n", "line 2 names no video"),
        ("l.jsonl", '{"video": 3}\n', "line 1 names no video"),
        ("l.jsonl", 'a.mp4\n{"video": "b.mp4"', "line 2 names no video"),
        ("l.jsonl", "{" * 100_000, "line 1 names no video"),
        ("l.jsonl", '{"video": "a.mp4", "name": "../a"}', "not the name of a file"),
        ("l.jsonl", '{"video": "a.mp4", "name": ".."}', "not the name of a file"),
        ("l.csv", b"video\n\xff\xfe", "not a readable text file"),
    ],
)
def test_unusable_lists_are_errors(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TarError, match=message):
        find_videos([tmp_path / name])


def test_inputs_that_stand_for_several_videos(takes: Path) -> None:
    for several in (["a.mp4", "b.mp4"], [takes], ["-"], [f"{takes}/*.mp4"], ["list.csv"]):
        assert is_several(several)
    assert not is_several(["a.mp4"]) and not is_several([takes / "day 1" / "d[1].mp4"])
