"""The command line."""

import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tar_core.capture.networks import Networks
from tar_core.cli import main
from tar_core.motion import MotionClip, PersonMotion
from tar_core.shot_files import load_shots, save_shots
from tar_core.shots import Shot
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter
from tests.support.clips import clips_of_shots, make_clip, make_person
from tests.support.full_disk import full_disk
from tests.support.networks import load_once


@pytest.fixture(autouse=True)
def shared_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Networks, "load", load_once)


@pytest.fixture(scope="module")
def empty_room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video without people."""
    path = tmp_path_factory.mktemp("cli") / "room.mp4"
    with VideoWriter(path, 30, 320, 240) as writer:
        for _ in range(4):
            writer.write(np.full((240, 320, 3), 120, np.uint8))
    return path


@pytest.fixture
def clip_file(tmp_path: Path) -> Path:
    def person(number: int) -> PersonMotion:
        frames = np.arange(3)
        return PersonMotion(
            number, np.zeros((3, 72)), np.zeros(10), np.ones((3, 3)), frames, np.zeros((3, 4)), np.ones(3)
        )

    path = tmp_path / "clip.npz"
    MotionClip(25, 640, 480, 800, np.array([319.5, 239.5]), "v.mp4", [person(1), person(4)]).save(path)
    return path


def fails(capsys: pytest.CaptureFixture, *arguments: str | Path) -> str:
    """Run a command that must fail; return its one line."""
    assert main([str(argument) for argument in arguments]) == 2
    output, error = capsys.readouterr()
    assert error.startswith("tar-capture: ") and error.count("\n") == 1, error
    assert "Traceback" not in error and not output
    return error


def test_help_needs_no_torch() -> None:
    code = (
        "import sys, tar_core.cli\n"
        "try: tar_core.cli.main(['capture', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit('torch' in sys.modules or 'cv2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


@pytest.mark.capture
def test_capture_with_overlay(
    demo_video: Path, untrained_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    output, overlay = tmp_path / "clip.npz", tmp_path / "overlay.mp4"
    arguments = ["capture", demo_video, "-o", output, "--overlay", overlay, "--people", "1", "--end", "2"]
    arguments += ["--fov", "70", "--checkpoint", untrained_checkpoint, "--device", "cpu"]
    assert main([str(argument) for argument in [*arguments, "--lean-correction"]]) == 0
    clip = MotionClip.load(output)
    assert clip.source == str(demo_video) and clip.lean_corrected
    assert [len(person) for person in clip.people] == [3]
    assert clip.focal_length == pytest.approx(1920 / 2 / np.tan(np.radians(35)))
    assert len(list(VideoReader(overlay).frames())) == 3
    printed = capsys.readouterr().out
    assert "person 1: frames 0 to 2" in printed and str(output) in printed
    assert "26 mm (35 mm equivalent), as given" in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.npz", "overlay.mp4"]


def broken_body(folder: Path) -> Path:
    path = folder / "SMPL_BROKEN.npz"
    np.savez(path, nothing=np.zeros(3))
    return path


def broken_checkpoint(folder: Path) -> Path:
    path = folder / "mine.safetensors"
    path.write_bytes(b"not a checkpoint")
    return path


def truncated(folder: Path, video: Path) -> Path:
    path = folder / "truncated.mp4"
    path.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    return path


def text_file(folder: Path) -> Path:
    path = folder / "notes.mp4"
    path.write_text("not a video\n")
    return path


def frameless(folder: Path) -> Path:
    path = folder / "frameless.mp4"
    path.touch()
    return path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (lambda folder, room: ["absent.mp4"], "no such video"),
        (lambda folder, room: [text_file(folder)], "not a video"),
        (lambda folder, room: [frameless(folder)], "empty"),
        (lambda folder, room: [truncated(folder, room)], "incomplete copy"),
        (lambda folder, room: [room], r"no person found.*give a box.*\(--box FRAME,X0,Y0,X1,Y1\)$"),
        (lambda folder, room: [room, "--start", "90"], "no frame 90"),
        (lambda folder, room: [room, "--box", "0,10,10,50,90"], "the box on frame 0 shows no person"),
        (lambda folder, room: [room, "--overlay", "overlay.gif"], r"ends in \.mp4"),
        (lambda folder, room: [room, "--overlay", folder / "absent" / "overlay.mp4"], "cannot write"),
        (lambda folder, room: [room, "--device", "abacus"], "abacus"),
        (lambda folder, room: [room, "--device", "meta"], "the device 'meta' is not available"),
        (lambda folder, room: [room, "--body", folder / "SMPL_GONE.npz"], "SMPL_GONE"),
        (lambda folder, room: [room, "--body", broken_body(folder)], "SMPL_BROKEN"),
        (lambda folder, room: [room, "--checkpoint", folder / "gone.safetensors"], "no such checkpoint"),
        (lambda folder, room: [room, "--checkpoint", broken_checkpoint(folder)], "safetensors"),
    ],
)
def test_bad_input(
    arguments: Callable[[Path, Path], list[str | Path]],
    words: str,
    empty_room: Path,
    untrained_checkpoint: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    given = arguments(tmp_path, empty_room)
    if "--checkpoint" not in given:
        given += ["--checkpoint", untrained_checkpoint]
    output = tmp_path / "out" / "clip.npz"
    output.parent.mkdir()
    line = fails(capsys, "capture", *given, "-o", output)
    assert re.search(words, line), line
    assert not list(output.parent.iterdir())


@pytest.mark.capture
@pytest.mark.parametrize(
    ("name", "arguments", "size"),
    [
        ("100%d tänzer, 2.mp4", ["-vf", "scale=540:960", "-c:v", "mpeg4", "-q:v", "3"], (540, 960)),
        ("odd.mkv", ["-vf", "scale=333:591", "-c:v", "ffv1"], (333, 591)),
        ("still.png", ["-frames:v", "1"], (1080, 1920)),
        ("sparse.mp4", ["-vf", "select='lt(n,2)+not(mod(n,3))'", "-fps_mode", "vfr", "-c:v", "mpeg4"], (1080, 1920)),
    ],
)
def test_odd_videos(
    name: str,
    arguments: list[str],
    size: tuple[int, int],
    demo_video: Path,
    untrained_checkpoint: Path,
    tmp_path: Path,
) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="makes odd videos").get_ffmpeg_exe()
    start = [ffmpeg, "-v", "error", "-i", demo_video, "-t", "0.2"]
    subprocess.run([*start, *arguments, tmp_path / name], check=True)
    output = tmp_path / "clip.npz"
    box = [0, *(round(edge * size[0] / 1080) for edge in (240, 330, 620, 1260))]
    options = ["--box", ",".join(map(str, box)), "--end", "4", "--checkpoint", str(untrained_checkpoint), "--quiet"]
    assert main(["capture", str(tmp_path / name), "-o", str(output), "--device", "cpu", *options]) == 0
    clip = MotionClip.load(output)
    assert (clip.width, clip.height) == size and len(clip.people) == 1


def test_unwritable_output(empty_room: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert "cannot write" in fails(capsys, "capture", empty_room, "-o", tmp_path / "absent" / "clip.npz")
    assert "folder" in fails(capsys, "capture", empty_room, "-o", tmp_path)


@pytest.mark.parametrize("command", ["cleanup", "ground", "export-amass", "import-amass"])
def test_input_is_not_overwritten(command: str, clip_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    content = clip_file.read_bytes()
    (tmp_path / "link.npz").symlink_to(clip_file)
    for output in (clip_file, tmp_path / "link.npz"):
        assert "also an input" in fails(capsys, command, clip_file, "-o", output)
    assert clip_file.read_bytes() == content


def test_video_and_camera_trajectory_are_not_overwritten(
    empty_room: Path, clip_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    content = empty_room.read_bytes()
    clip = tmp_path / "new.npz"
    for arguments in (
        ["-o", empty_room],
        ["-o", clip, "--overlay", empty_room],
        ["-o", clip_file, "--camera-trajectory", clip_file],
    ):
        assert "also an input" in fails(capsys, "capture", empty_room, *arguments)
    assert "another output" in fails(
        capsys, "capture", empty_room, "-o", tmp_path / "a.mp4", "--overlay", tmp_path / "a.mp4"
    )
    assert empty_room.read_bytes() == content and not clip.exists()


@pytest.mark.capture
def test_disk_full_while_writing(
    demo_video: Path, untrained_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """A limit on the file size simulates a full disk."""
    output = tmp_path / "clip.npz"
    output.write_bytes(b"earlier content")
    own = ["--people", "1", "--checkpoint", untrained_checkpoint]
    with full_disk(1000):
        line = fails(capsys, "capture", demo_video, "-o", output, "--end", "1", *own)
    assert "cannot write" in line and "space" in line
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"earlier content"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--people", "some"], "argument --people: 'some' is not of the form all|largest|N"),
        (["--people", "0"], "argument --people: people must be at least 1"),
        (["--box", "1,2,3"], "argument --box: '1,2,3' is not of the form FRAME,X0,Y0,X1,Y1"),
        (["--smoothing", "3"], "argument --smoothing: smoothing must be from 0 to 1"),
        (["--foot-locking", "-1"], "argument --foot-locking"),
        (["--trajectory-scale", "-2"], "argument --trajectory-scale"),
        (["--focal-length", "9", "--fov", "9"], "not allowed with argument"),
        (["--no-such-option"], "unrecognized arguments"),
        (["--focal-length", "inf"], "focal length must be from 1 to 1000000 pixels, not inf"),
        (["--fov", "nan"], "field of view must be from 1 to 169 degrees"),
        (["--trajectory-scale", "1e300"], "trajectory scale must be from 0 to"),
        (["--box", "0,nan,1,2,3"], "is not of the form"),
        (["--start", "99999999999"], "first frame must be at most 2147483647"),
        (["--threads", "0"], "threads must be at least 1"),
    ],
)
def test_wrong_arguments_are_one_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["capture", "video.mp4", "-o", "clip.npz", *arguments])
    assert caught.value.code == 2
    printed = capsys.readouterr().err
    assert words in printed and printed.count("\n") == 1


def test_warnings_have_a_hint(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    main(["cleanup", "absent.npz", "-o", str(tmp_path / "out.npz")])
    capsys.readouterr()
    logging.getLogger("tar_core.test").warning("the camera moves", extra={"topic": "moving_camera"})
    assert capsys.readouterr().err == "tar-capture: warning: the camera moves (--camera-trajectory FILE)\n"


def test_info(untrained_checkpoint: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["info", "--checkpoint", str(untrained_checkpoint)]) == 0
    printed = capsys.readouterr().out
    assert "ONNX Runtime" in printed and "device" in printed and "backbone = blazepose" in printed
    assert "FIGURE S=64 params_m=" in printed


def test_cleanup(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    poses = 0.003 * np.random.default_rng(0).normal(size=(40, 72))
    trans = np.tile([0.0, 0.0, 4.0], (40, 1))
    trans[:, 2] += 0.05 * np.sin(np.arange(40) / 6)
    person = PersonMotion(1, poses, np.zeros(10), trans, np.arange(40), np.zeros((40, 4)), np.ones(40))
    raw, output = tmp_path / "raw.npz", tmp_path / "clean.npz"
    MotionClip(25, 640, 480, 800, np.array([319.5, 239.5]), "v.mp4", [person]).save(raw)
    assert main(["cleanup", str(raw), "-o", str(output), "--foot-locking", "0"]) == 0
    (smooth,) = MotionClip.load(output).people
    assert np.abs(np.diff(smooth.poses, 3, axis=0)).mean() < 0.85 * np.abs(np.diff(poses, 3, axis=0)).mean()
    assert main(["cleanup", str(raw), "-o", str(output), "--smoothing", "0"]) == 0
    (locked,) = MotionClip.load(output).people
    assert locked.trans[:, 2].std() < 0.5 * trans[:, 2].std()
    np.testing.assert_allclose(locked.poses[:, 48:], person.poses[:, 48:])
    assert "no such motion file" in fails(capsys, "cleanup", tmp_path / "absent.npz", "-o", output)


def test_cleanup_corrects_the_focal_length(tmp_path: Path) -> None:
    clip, output = replace(make_clip([make_person()]), focal_length_error=0.3), tmp_path / "clean.npz"
    clip.save(tmp_path / "raw.npz")
    plain = ["--smoothing", "0", "--foot-locking", "0", "--no-lean-correction", "--no-depth-correction"]
    for focal_length, arguments in ((1101.5, ["--focal-length", "1101.5"]), (960.0, ["--fov", "90"])):
        assert main(["cleanup", str(tmp_path / "raw.npz"), "-o", str(output), *arguments, *plain]) == 0
        corrected = MotionClip.load(output)
        assert corrected.focal_length == pytest.approx(focal_length) and corrected.focal_length_error == 0
        ratio = corrected.people[0].trans[:, 2] / clip.people[0].trans[:, 2]
        np.testing.assert_allclose(ratio, focal_length / clip.focal_length, rtol=1e-5)


def test_ground(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    poses = np.zeros((40, 72))
    poses[:, 0] = np.pi - 0.2  # upright in front of a camera that looks down
    trans = np.tile([0.0, 0.0, 4.0], (40, 1))
    person = PersonMotion(1, poses, np.zeros(10), trans, np.arange(40), np.zeros((40, 4)), np.ones(40))
    raw, output = tmp_path / "raw.npz", tmp_path / "grounded.npz"
    MotionClip(25, 640, 480, 800, np.array([319.5, 239.5]), "v.mp4", [person]).save(raw)
    assert main(["ground", str(raw), "-o", str(output)]) == 0
    assert "above the floor, pitch" in capsys.readouterr().out
    floor = MotionClip.load(output).floor
    assert floor is not None and abs(abs(floor.pitch) - 0.2) < 0.09
    assert "no such motion file" in fails(capsys, "ground", tmp_path / "absent.npz", "-o", output)


def test_export_amass(clip_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    output = tmp_path / "amass.npz"
    assert "--person" in fails(capsys, "export-amass", clip_file, "-o", output)
    assert "1, 4" in fails(capsys, "export-amass", clip_file, "-o", output, "--person", "2")
    assert main(["export-amass", str(clip_file), "-o", str(output), "--person", "4"]) == 0
    with np.load(output) as data:
        assert data["poses"].shape == (3, 156) and data["mocap_framerate"] == 25
    assert main(["import-amass", str(output), "-o", str(tmp_path / "back.npz")]) == 0
    (person,) = MotionClip.load(tmp_path / "back.npz").people
    assert len(person) == 3


def test_invalid_camera_trajectory_is_an_error_before_the_capture(
    demo_video: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    output, path = tmp_path / "clip.npz", tmp_path / "trajectory.npz"
    arguments = ("capture", demo_video, "-o", output, "--camera-trajectory", path)
    assert "no such camera trajectory" in fails(capsys, *arguments)
    np.savez(path, rotations=np.tile(np.eye(3), (9, 1, 1)), translations=np.zeros((9, 3)))
    assert "frames 0 to 8 of the video, but frames 0 to 99 are captured" in fails(capsys, *arguments)
    assert not output.exists()


def test_check_reports_each_person_and_a_line_of_figures(clip_file: Path, capsys: pytest.CaptureFixture) -> None:
    before = clip_file.read_bytes()
    assert main(["check", str(clip_file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines if line.startswith("person")] == ["person 1", "person 4"]
    assert lines[0] == "focal length 45 mm (35 mm equivalent)"
    assert lines[-1].startswith("FIGURE_CHECK root_speed_p99=0.00 ")
    assert main(["check", str(clip_file), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [person["person"] for person in report["people"]] == [1, 4]
    assert report["focal_length_35mm"] == {"mm": 45.0, "error": None}
    assert clip_file.read_bytes() == before


def test_check_needs_people(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "empty.npz"
    MotionClip(25, 640, 480, 800, np.array([319.5, 239.5]), "v.mp4").save(path)
    assert "no people" in fails(capsys, "check", path)


@pytest.fixture
def shots_file(tmp_path: Path) -> Path:
    path = tmp_path / "shots.npz"
    save_shots(path, clips_of_shots())
    return path


def test_each_shot_is_cleaned_up_and_reported(shots_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    output = tmp_path / "out.npz"
    assert main(["cleanup", str(shots_file), "-o", str(output)]) == 0
    assert [clip.shot.number for clip in load_shots(output)] == [1, 2]
    assert main(["cleanup", str(shots_file), "-o", str(output), "--shot", "2"]) == 0
    assert MotionClip.load(output).shot == Shot(2, 30, 59)
    assert main(["ground", str(shots_file), "-o", str(output)]) == 0
    assert [line[:7] for line in capsys.readouterr().out.splitlines()] == ["shot 1:", "shot 2:"]
    assert main(["check", str(shots_file)]) == 0
    printed = capsys.readouterr().out
    assert "shot 2: frames 30 to 59, 0:01.00 to 0:02.00" in printed and "person 2" in printed
    assert main(["check", str(shots_file), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["shots"]) == 2
    assert main(["export-amass", str(shots_file), "-o", str(tmp_path / "amass.npz"), "--person", "2"]) == 0
    assert "no shot 3" in fails(capsys, "cleanup", shots_file, "-o", output, "--shot", "3")


@pytest.mark.capture
def test_shots_of_a_video_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pictures = [np.random.default_rng(seed).integers(0, 255, (36, 64, 3), np.uint8).repeat(5, 0) for seed in (1, 2)]
    with VideoWriter(tmp_path / "cut.mp4", 25, 320, 180) as writer:
        for frame in range(50):
            writer.write(pictures[frame >= 20].repeat(5, 1))
    assert main(["shots", str(tmp_path / "cut.mp4")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "shot 1: frames 0 to 19, 0:00.00 to 0:00.80",
        "shot 2: frames 20 to 49, 0:00.80 to 0:02.00",
    ]
    assert main(["shots", str(tmp_path / "cut.mp4"), "--start", "30"]) == 0
    assert capsys.readouterr().out == "shot 1: frames 30 to 49, 0:01.20 to 0:02.00\n"
    assert "has no frame 60" in fails(capsys, "shots", tmp_path / "cut.mp4", "--start", "60")
