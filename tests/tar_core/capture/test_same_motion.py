"""One clip, stored in several ways, gives the same motion."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.motion import MotionClip
from tar_core.options import CaptureOptions
from tar_core.skeleton import NUM_JOINTS, pose_skeleton
from tests.support.networks import capture
from tests.support.videos import ffmpeg

WIDTH, HEIGHT, FRAMES, FPS = 540, 960, 24, 30
LOSSLESS = ("-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-pix_fmt", "yuv444p")
SAME = 1e-4  # meters
RESAMPLED = 0.005  # meters; other pixels
FEWER_IMAGES = 0.015  # meters; two thirds of the images of a part are missing, see the last test
OTHER_IMAGES = 0.005  # meters; some images are missing, or the details of all
FOV = 60.6  # degrees; given, so that the estimate from other pixels does not matter


@pytest.fixture(scope="module")
def plain(demo_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo video at half its size and rate, without loss."""
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    size = ("-vf", f"scale={WIDTH}:{HEIGHT}", "-r", str(FPS), "-frames:v", str(FRAMES))
    return ffmpeg("-i", demo_video, *size, *LOSSLESS, path)


def mirrored_by_tag(plain: Path, folder: Path) -> Path:
    stored = ffmpeg("-i", plain, "-vf", "hflip", *LOSSLESS, folder / "stored.mp4")
    return ffmpeg("-display_hflip", "-i", stored, "-c", "copy", folder / "mirrored.mp4")


def anamorphic(plain: Path, folder: Path) -> Path:
    """Stretched, so that no detail is lost."""
    stretched = f"scale={WIDTH}:{3 * HEIGHT // 2}:flags=bicubic,setsar=3/2"
    return ffmpeg("-i", plain, "-vf", stretched, *LOSSLESS, folder / "anamorphic.mp4")


def with_bars(plain: Path, folder: Path) -> Path:
    return ffmpeg("-i", plain, "-vf", f"pad={2 * WIDTH}:{HEIGHT}:{WIDTH // 2}:0", *LOSSLESS, folder / "bars.mp4")


def with_blurred_bars(plain: Path, folder: Path) -> Path:
    """Over an enlarged and blurred copy, as editors fill a wide picture."""
    background = f"[0]scale={2 * WIDTH}:-2,crop={2 * WIDTH}:{HEIGHT},gblur=20[back]"
    filters = f"{background};[back][0]overlay={WIDTH // 2}:0:format=yuv444"
    return ffmpeg("-i", plain, "-filter_complex", filters, *LOSSLESS, folder / "blurred.mp4")


def with_edit_list(plain: Path, folder: Path) -> Path:
    """Half a second of other images is stored before the clip, but not shown."""
    longer = ffmpeg("-i", plain, "-vf", "tpad=start=15:start_mode=clone", *LOSSLESS, "-g", "250", folder / "longer.mp4")
    return ffmpeg("-ss", "0.5", "-i", longer, "-c", "copy", folder / "edit.mp4")


def late_start(plain: Path, folder: Path) -> Path:
    return ffmpeg("-i", plain, "-c", "copy", "-output_ts_offset", "5", folder / "late.mkv")


def variable_rate(plain: Path, folder: Path) -> Path:
    """Every eighth image is missing."""
    selected = "select='mod(n+4,8)'"
    return ffmpeg("-i", plain, "-vf", selected, "-fps_mode", "vfr", *LOSSLESS, folder / "variable.mp4")


def slow_start(plain: Path, folder: Path, phase: int = 0) -> Path:
    """A third of the rate in the first half: the first image, and every third one from `phase`."""
    selected = f"select='gte(n,{FRAMES // 2})+not(n)+not(mod(n-{phase},3))'"
    return ffmpeg("-i", plain, "-vf", selected, "-fps_mode", "vfr", *LOSSLESS, folder / f"slow{phase}.mp4")


def compressed(plain: Path, folder: Path) -> Path:
    """What compression alone changes: a usual quality."""
    return ffmpeg("-i", plain, "-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p", folder / "compressed.mp4")


def of_demo(demo_video: Path, path: Path, chosen: str, *marked: str) -> Path:
    """The demo video at half its size and rate, with pictures that a filter chooses or joins."""
    timed = f"scale={WIDTH}:{HEIGHT},{chosen},setpts=N/{FPS}/TB"
    return ffmpeg("-i", demo_video, "-vf", timed, "-r", str(FPS), "-frames:v", str(FRAMES), *LOSSLESS, *marked, path)


def joints(clip: MotionClip) -> np.ndarray:
    """Joints [N, 24, 3] of the man in the camera frame, meters."""
    (person,) = clip.people
    betas = person.betas.astype(np.float64)
    poses = person.poses.reshape(-1, NUM_JOINTS, 3).astype(np.float64)
    return pose_skeleton(poses, rest_joints(load_body(), betas))[1] + person.trans[:, None]


def distances(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Mean distance of the joints in each frame [N], meters."""
    return np.asarray(np.linalg.norm(found - expected, axis=-1).mean(1))


def captured(video: Path) -> np.ndarray:
    options = CaptureOptions(people="largest", device="cpu", fov=FOV, static_camera=True)
    (clip,) = capture(video, options)
    return joints(clip)


@pytest.fixture(scope="module")
def expected(plain: Path) -> np.ndarray:
    return captured(plain)


@pytest.mark.slow
@pytest.mark.capture
@pytest.mark.parametrize(
    ("stored", "limit"),
    [
        (mirrored_by_tag, SAME),
        (with_edit_list, SAME),
        (late_start, SAME),
        (anamorphic, RESAMPLED),
        (variable_rate, OTHER_IMAGES),
        (slow_start, FEWER_IMAGES),
        (compressed, OTHER_IMAGES),
        (with_bars, SAME),
        (with_blurred_bars, RESAMPLED),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_same_motion(
    stored: Callable[[Path, Path], Path], limit: float, plain: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    found = captured(stored(plain, tmp_path))
    assert found.shape == expected.shape
    off = distances(found, expected)
    print(f"{stored.__name__}: median {1000 * np.median(off):.2f} mm, largest {1000 * off.max():.2f} mm")
    assert np.median(off) < limit


@pytest.mark.slow
@pytest.mark.capture
def test_interlaced_pictures_show_one_moment(demo_video: Path, tmp_path: Path) -> None:
    """As camcorders record: the odd lines of each picture are those of the next one."""
    progressive = of_demo(demo_video, tmp_path / "progressive.mp4", "select='not(mod(n,2))'")
    marked = ("-flags", "+ildct+ilme", "-x264opts", "tff=1")
    interlaced = of_demo(demo_video, tmp_path / "interlaced.mp4", "tinterlace=interleave_top", *marked)
    off = distances(captured(interlaced), captured(progressive))
    print(f"interlaced: median {1000 * np.median(off):.2f} mm, largest {1000 * off.max():.2f} mm")
    assert np.median(off) < OTHER_IMAGES


@pytest.mark.slow
@pytest.mark.capture
def test_clips_with_few_images_differ_from_each_other_as_from_the_whole(
    plain: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    """What is lost depends on which images are left, so it is no error of the times."""
    slow = slice(FRAMES // 2)
    found = [captured(slow_start(plain, tmp_path, phase)) for phase in range(3)]
    from_whole = [np.median(distances(each, expected)[slow]) for each in found]
    from_each_other = [np.median(distances(one, other)[slow]) for one, other in combinations(found, 2)]
    known = np.r_[0 : FRAMES // 2 : 3, FRAMES // 2]
    columns = expected.reshape(FRAMES, -1)[known].T
    between = np.stack([np.interp(np.arange(FRAMES // 2), known, column) for column in columns], 1)
    interpolated = np.median(distances(between.reshape(-1, *expected.shape[1:]), expected[slow]))
    for name, values in (("whole", from_whole), ("each other", from_each_other), ("interpolated", [interpolated])):
        print(name, [f"{1000 * value:.1f} mm" for value in values])
    assert np.mean(from_whole) < 1.5 * np.mean(from_each_other)
