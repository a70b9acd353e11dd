"""A video that is followed in stretches: the plan, later shots, and the same motion as in one piece."""

import logging
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.vanishing_points import EstimatedCamera
from tar_core.capture import stretches
from tar_core.capture.pass_record import PassRecord, ShotStart
from tar_core.capture.pipeline import capture
from tar_core.capture.progress import Progress
from tar_core.capture.stretch_processes import Stretch
from tar_core.capture.stretches import TAIL, WARM_UP, plan_stretches, stretches_of_later_shots
from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.options import CaptureOptions, StartBox
from tar_core.people.record import TrackingRecord
from tar_core.skeleton import NUM_JOINTS, pose_skeleton
from tar_core.video.bars import PictureArea
from tar_core.video.reader import VideoReader

CAMERA = EstimatedCamera(np.array([0.0, -1, 0]), 1.0, 1000.0, 0.1)
AREA = PictureArea(0, 0, 640, 480)
FPS, SECONDS = 30.0, 12
DEVICES = ("cpu", "torch:cpu")  # processes, and threads as on a GPU
SAME = 0.001  # meters


@dataclass
class Reader:
    """Frame rate and number of frames of a video."""

    fps: float
    count: int | None

    def frames_in(self, start: int, end: int | None) -> int | None:
        return None if self.count is None else (self.count if end is None else end + 1) - start


@pytest.mark.parametrize(("fps", "step"), [(30.0, 1), (60.0, 2)])
def test_every_frame_counts_in_one_stretch(fps: float, step: int) -> None:
    options = CaptureOptions(start=7, workers=4, memory=100, device="cpu")
    plan = plan_stretches(Reader(fps, round(100 * fps)), options)
    assert len(plan) == 4
    assert plan[0].begin == plan[0].first == 7 and plan[-1].last is plan[-1].end is None
    for stretch, following in pairwise(plan):
        assert stretch.last == following.first - 1
        assert stretch.end == stretch.last + TAIL * fps and following.first - following.begin == WARM_UP * fps
        assert (following.begin - 7) % (60 * step) == 0
    lengths = np.diff([stretch.first for stretch in plan] + [100 * fps])
    assert lengths.max() < 1.2 * lengths.min()


def test_the_range_is_divided() -> None:
    plan = plan_stretches(Reader(30.0, 10_000), CaptureOptions(start=300, end=2099, workers=2, memory=100))
    assert plan[0].begin == 300 and plan[-1].last == plan[-1].end == 2099 and 1000 < plan[1].first < 1400


@pytest.mark.parametrize(
    ("count", "options"),
    [
        (3000, {"workers": 1}),
        (3000, {"workers": 4, "memory": 2.0}),
        (600, {"workers": 4}),
        (None, {"workers": 4}),
        (3000, {"workers": 4, "shot": 2}),
        (3000, {"workers": 4, "box": StartBox(0, (0, 0, 9, 9))}),
        (3000, {"workers": None}),
    ],
)
def test_some_videos_are_not_divided(count: int | None, options: dict[str, object]) -> None:
    wanted = CaptureOptions(**{"memory": 100, **options})
    (whole,) = plan_stretches(Reader(30.0, count), wanted)
    assert whole.first == whole.begin == 0 and whole.last is None


def test_stretches_within_later_shots_are_followed_again_up_to_their_first_cut() -> None:
    first, second, third = (
        ShotStart(0, 0, AREA, CAMERA),
        ShotStart(70, 70, AREA, CAMERA),
        ShotStart(230, 230, AREA, CAMERA),
    )

    def piece(begin: int, seam: int, last: int, *shots: ShotStart) -> tuple[Stretch, PassRecord]:
        record = PassRecord(1, TrackingRecord({}, 0), list(shots), last + 10)
        return Stretch(begin, seam, last, last + 10, first), record

    pieces = [
        piece(0, 0, 99, first, second),
        piece(80, 100, 199, first),
        piece(180, 200, 299, first, third),
        piece(280, 300, 399, first),
    ]
    assert stretches_of_later_shots(pieces) == [
        Stretch(80, 100, 199, 209, second),
        Stretch(180, 200, 229, 229, second),
        Stretch(280, 300, 399, 409, third),
    ]
    assert not stretches_of_later_shots([piece(0, 0, 99, first), piece(80, 100, 199, first, replace(second, first=90))])


def joints_of(person: PersonMotion) -> np.ndarray:
    """[N, 24, 3] joints in the camera frame, meters."""
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
    return pose_skeleton(poses, rest_joints(load_body(), person.betas.astype(np.float64)))[1] + person.trans[:, None]


def differences(clip: MotionClip, other: MotionClip, skipped: range) -> np.ndarray:
    """Largest distance between the joints of the largest person in two clips in each frame but some, meters."""
    one, two = clip.people[0], other.people[0]
    np.testing.assert_array_equal(one.frames, two.frames)
    kept = [row for row, frame in enumerate(one.frames) if frame not in skipped]
    return np.asarray(np.linalg.norm(joints_of(one) - joints_of(two), axis=-1)[kept].max(1))


@pytest.fixture(scope="module")
def images(demo_video: Path) -> list[np.ndarray]:
    """The man on the beam, forth and back, so that nothing jumps: 540x960 pixels at 30 fps."""
    size = (540, 960)
    frames = [cv2.resize(f.image, size, interpolation=cv2.INTER_AREA) for f in VideoReader(demo_video).frames()][::2]
    return frames + frames[-2:0:-1]


def write(path: Path, images: list[np.ndarray], frames: range) -> Path:
    from tar_core.video.writer import VideoWriter

    with VideoWriter(path, FPS, 540, 960) as writer:
        for frame in frames:
            writer.write(images[frame % len(images)])
    return path


@pytest.fixture
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "MIN_LENGTH", 3.0)


@pytest.mark.slow
@pytest.mark.capture
@pytest.mark.parametrize("device", DEVICES)
def test_divided_video_gives_the_same_motion(
    device: str, images: list[np.ndarray], short_stretches: None, tmp_path: Path
) -> None:
    video = write(tmp_path / "long.mp4", images, range(round(SECONDS * FPS)))
    options = CaptureOptions(device=device, people="largest", memory=100)
    (whole,) = capture(video, replace(options, workers=1, threads=1))
    reported: list[Progress] = []
    (divided,) = capture(video, replace(options, workers=2), reported.append)
    seam = plan_stretches(VideoReader(video), replace(options, workers=2))[1].first
    off = differences(whole, divided, range(seam - 15, seam + 15))
    print(f"away from frame {seam}: median {1000 * np.median(off):.3f} mm, largest {1000 * off.max():.3f} mm")
    assert divided.focal_length == whole.focal_length and len(divided.people) == len(whole.people)
    assert off.max() < SAME
    done = [progress.done for progress in reported if progress.stage == "capture"]
    assert done == list(range(1, len(done) + 1)) and reported[-1].done == reported[-1].total == SECONDS * FPS


@pytest.mark.slow
@pytest.mark.capture
def test_shots_of_a_divided_video(
    images: list[np.ndarray], short_stretches: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The seam lies within the second shot, whose camera is not the first one's."""
    mirrored = [np.ascontiguousarray(image[::-1, ::-1][::-1]) for image in images]
    closer = [cv2.resize(image[100:820, 60:465], (540, 960)) for image in mirrored]
    video = write(tmp_path / "cut.mp4", images[:40] + closer * 3, range(210))
    options = CaptureOptions(device="cpu", people="largest", memory=100)
    whole = capture(video, replace(options, workers=1, threads=1))
    with caplog.at_level(logging.WARNING):
        divided = capture(video, replace(options, workers=2))
    assert [clip.shot for clip in divided] == [clip.shot for clip in whole] and len(whole) == 2
    for one, other in zip(whole, divided, strict=True):
        assert other.focal_length == one.focal_length
    assert len(divided[1].people[0]) == 170
    assert "2 shots" in caplog.text


@pytest.mark.slow
@pytest.mark.capture
@pytest.mark.parametrize("device", DEVICES)
def test_a_failed_process_is_an_error(
    device: str, images: list[np.ndarray], short_stretches: None, tmp_path: Path
) -> None:
    video = write(tmp_path / "long.mp4", images, range(200))
    missing = CaptureOptions(device=device, workers=2, memory=100, checkpoint=tmp_path / "missing.safetensors")
    with pytest.raises(TarError, match="missing.safetensors"):
        capture(video, missing)

    def stop(progress: Progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture(video, CaptureOptions(device=device, workers=2, memory=100), stop)
