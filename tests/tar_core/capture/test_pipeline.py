"""Captures and scans of the demo video."""

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.bench_turning import angles_between, write_rotated_video
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.capture.pipeline import cut_warning, scan
from tar_core.capture.progress import Progress
from tar_core.errors import TarError
from tar_core.motion import Floor, MotionClip
from tar_core.options import CaptureOptions, StartBox
from tar_core.people.boxes import box_iou
from tar_core.people.selection import DetectedPerson
from tar_core.rotations import axis_angle_to_matrix
from tar_core.shots import Shot
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter
from tests.support.networks import capture
from tests.support.paths import DATA

pytestmark = pytest.mark.capture

CALIBRATED_FOCAL = 1681  # of the demo's camera, pixels
ZOOM = 1.4  # between the lenses of two shots
MAN = (240, 330, 620, 1260)  # box of the man in frame 0 of the demo
CUT, LAST = 29, 56  # frames of the video with two shots


def test_capture_of_the_demo(demo_video: Path, untrained_checkpoint: Path) -> None:
    reported: list[Progress] = []
    options = CaptureOptions(people="largest", end=5, checkpoint=untrained_checkpoint, device="cpu")
    (clip,) = capture(demo_video, options, reported.append)
    assert (clip.width, clip.height, clip.body) == (1080, 1920, "free")
    assert clip.fps == pytest.approx(60, abs=0.1)
    # The video's calibration (Qualisys): the camera looks down and is rolled.
    assert clip.focal_length == pytest.approx(CALIBRATED_FOCAL, rel=0.05)
    assert clip.focal_length_error is not None and 0.01 < clip.focal_length_error < 0.1
    up = Floor(clip.vertical.up, 0.0)
    assert np.degrees([up.pitch, up.roll]) == pytest.approx([22.5, 13.4], abs=1.5)
    np.testing.assert_allclose(clip.principal_point, [539.5, 959.5])
    (person,) = clip.people
    np.testing.assert_array_equal(person.frames, np.arange(6))
    assert (person.confidence > 0.3).all()
    assert box_iou(person.boxes[0], np.array(MAN)) > 0.5
    assert [(progress.stage, progress.done) for progress in reported] == [("load", 0)] + [
        ("capture", done) for done in range(1, 7)
    ]
    assert all(progress.total == 6 for progress in reported[1:])
    # Every other frame is processed, each when the next one is known.
    previews = [progress.preview for progress in reported[1:] if progress.preview is not None]
    assert [preview.frame for preview in previews] == [0, 0, 2, 2]
    (points,) = previews[0].people.values()
    x0, y0, x1, y1 = MAN
    assert all(x0 <= x <= x1 and y0 <= y <= y1 for x, y in points)


@pytest.fixture(scope="module")
def shots_video(demo_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shots(demo_video, tmp_path_factory.mktemp("shots") / "shots.mp4", CUT, LAST)


def write_shots(demo_video: Path, video: Path, cut: int, last: int, reduction: int = 1) -> Path:
    """The demo with a cut, to the mirrored picture on a larger gray ground, as a shorter lens shows it."""
    with VideoWriter(video, 60, 1080 // reduction, 1920 // reduction) as writer:
        for frame in VideoReader(demo_video).frames(end=last):
            image = frame.image if frame.index < cut else on_larger_ground(frame.image[:, ::-1])
            writer.write(image[::reduction, ::reduction])
    return video


def on_larger_ground(image: np.ndarray) -> np.ndarray:
    """The picture, 1 / ZOOM times as large, in the middle of a gray ground of the same size."""
    height, width = image.shape[:2]
    small = cv2.resize(image, None, fx=1 / ZOOM, fy=1 / ZOOM, interpolation=cv2.INTER_AREA)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    ground = np.full_like(image, 90)
    ground[top : top + small.shape[0], left : left + small.shape[1]] = small
    return ground


@pytest.fixture(scope="module")
def shots(shots_video: Path, untrained_checkpoint: Path) -> list[MotionClip]:
    """The largest person in both shots."""
    return capture(shots_video, largest_with_static_camera(untrained_checkpoint))


def largest_with_static_camera(checkpoint: Path) -> CaptureOptions:
    return CaptureOptions(checkpoint=checkpoint, device="cpu", static_camera=True, people="largest")


def test_cut_is_reported_and_ends_the_people(
    demo_video: Path, untrained_checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    video = write_shots(demo_video, tmp_path / "shots.mp4", CUT, LAST, reduction=2)
    first, second = capture(video, largest_with_static_camera(untrained_checkpoint))
    assert [first.shot, second.shot] == [Shot(1, 0, CUT - 1), Shot(2, CUT, LAST)]
    ends = [
        (min(int(person.frames[0]) for person in clip.people), max(int(person.frames[-1]) for person in clip.people))
        for clip in (first, second)
    ]
    assert ends == [(0, CUT - 1), (CUT, LAST)], "also in the last frame, which is not processed"
    ids = [person.person_id for clip in (first, second) for person in clip.people]
    assert len(set(ids)) == len(ids)
    (warning,) = [record.message for record in caplog.records if "2 shots" in record.message]
    assert "each with its own camera and people; shot 1: frames 0 to 28, shot 2: frames 29 to 56" in warning


@pytest.mark.slow
def test_each_shot_has_the_camera_of_its_first_frame(shots: list[MotionClip]) -> None:
    first, second = shots
    assert first.focal_length == pytest.approx(CALIBRATED_FOCAL, rel=0.05)
    assert second.focal_length == pytest.approx(CALIBRATED_FOCAL / ZOOM, rel=0.07)
    rolls = [np.degrees(Floor(clip.vertical.up, 0.0).roll) for clip in shots]
    assert rolls == pytest.approx([13.4, -13.4], abs=2), "the second shot is mirrored"


@pytest.mark.slow
def test_one_shot_is_captured_alone(shots: list[MotionClip], shots_video: Path, untrained_checkpoint: Path) -> None:
    options, second = largest_with_static_camera(untrained_checkpoint), shots[1]
    (alone,) = capture(shots_video, replace(options, shot=2))
    assert alone.shot == second.shot and alone.focal_length == second.focal_length
    np.testing.assert_allclose(alone.people[0].trans, second.people[0].trans, atol=1e-5)
    (first,) = capture(shots_video, replace(options, shot=1))
    assert first.shot == Shot(1, 0, CUT - 1)
    with pytest.raises(TarError, match="there is no shot 3; choose from: 1, 2"):
        capture(shots_video, replace(options, shot=3))


@pytest.mark.slow
@pytest.mark.parametrize("gray", [0, 255])
def test_half_a_second_of_black_or_white_does_not_split_a_person(
    gray: int, demo_video: Path, untrained_checkpoint: Path, tmp_path: Path
) -> None:
    """The person is interpolated, with confidence 0, and the camera is that of the first picture after the start."""
    images = [frame.image for frame in VideoReader(demo_video).frames(end=79)][::2]
    with VideoWriter(tmp_path / "flash.mp4", 30, 1080, 1920) as writer:
        for frame, image in enumerate(images):
            writer.write(np.full_like(image, gray) if frame < 2 or 18 <= frame < 33 else image)
    options = CaptureOptions(checkpoint=untrained_checkpoint, device="cpu", people="largest")
    (clip,) = capture(tmp_path / "flash.mp4", options)
    (person,) = clip.people
    assert clip.shot is None and clip.camera_trajectory is None
    assert person.frames[0] <= 5 and person.frames[-1] == 39
    is_blank = (person.frames >= 18) & (person.frames < 33)
    assert (person.confidence[is_blank] == 0).all() and (person.confidence[person.frames < 18] > 0.3).all()
    assert (person.confidence[person.frames > 35] > 0.3).all(), "found again within a search interval"
    assert clip.focal_length == pytest.approx(CALIBRATED_FOCAL, rel=0.05)


def test_many_shots_are_reported_in_short() -> None:
    shots = [Shot(number, 10 * number, 10 * number + 9) for number in range(1, 9)]
    assert cut_warning(Path("a.mp4"), shots).endswith("shot 5: frames 50 to 59, ...")
    assert cut_warning(Path("a.mp4"), shots[:2]).endswith("shot 1: frames 10 to 19, shot 2: frames 20 to 29")


def test_lens_in_the_metadata_is_taken_into_account(
    demo_video: Path, untrained_checkpoint: Path, tmp_path: Path
) -> None:
    video = tmp_path / "phone.mov"
    with (
        av.open(str(demo_video)) as source,
        av.open(str(video), "w", options={"movflags": "use_metadata_tags"}) as target,
    ):
        target.metadata["com.apple.quicktime.camera.focal_length.35mm_equivalent"] = "28"
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in itertools.islice(source.demux(source.streams.video[0]), 10):
            packet.stream = stream
            target.mux(packet)
    options = CaptureOptions(people="largest", end=1, checkpoint=untrained_checkpoint, device="cpu")
    (with_lens,), (without,) = capture(video, options), capture(demo_video, options)
    # The lines say 1641 pixels, 28 mm of a phone 1692.
    assert without.focal_length + 0.5 < with_lens.focal_length < 1692
    assert with_lens.focal_length_error < without.focal_length_error


ROTATION = np.radians(np.linspace([0, 0, 0], [0.6, 2.4, 1.2], 24))  # rotation vectors of a camera


@pytest.fixture(scope="module")
def rotating_video(demo_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    video = tmp_path_factory.mktemp("rotating") / "rotating.mp4"
    write_rotated_video(demo_video, video, ROTATION)
    return video


@pytest.mark.slow
def test_rotating_camera_is_tracked(rotating_video: Path, untrained_checkpoint: Path) -> None:
    options = CaptureOptions(people="largest", focal_length=1681, checkpoint=untrained_checkpoint, device="cpu")
    reported: list[Progress] = []
    (clip,) = capture(rotating_video, options, reported.append)
    assert clip.camera_trajectory is not None and len(clip.camera_trajectory.rotation_vectors) == 24
    off = angles_between(clip.camera_rotations(np.arange(24)), Rotation.from_rotvec(ROTATION).as_matrix())
    assert off.max() < 0.3
    assert [progress.stage for progress in reported[-24:]] == ["camera"] * 24

    (still,) = capture(rotating_video, replace(options, static_camera=True))
    assert still.camera_trajectory is None
    seen, held = still.people[0], clip.people[0]
    rest = rest_joints(load_body(), seen.betas)[0]
    back = clip.camera_rotations(seen.frames).transpose(0, 2, 1)
    np.testing.assert_allclose(held.trans + rest, (back @ (seen.trans + rest)[..., None])[..., 0], atol=1e-4)
    np.testing.assert_array_equal(held.poses[:, 3:], seen.poses[:, 3:])


def test_given_camera_trajectory_is_used(demo_video: Path, untrained_checkpoint: Path, tmp_path: Path) -> None:
    """Its focal length and vertical replace the estimates from vanishing points and background."""
    vectors, positions = np.linspace([0, 0, 0], [0.1, 0.2, 0], 70), np.linspace([0, 0, 0], [0.5, 0, 0.1], 70)
    rotations = axis_angle_to_matrix(vectors)
    path = {"rotations": rotations, "translations": -np.einsum("fij,fj->fi", rotations, positions)}
    np.savez(tmp_path / "path.npz", focal=1500.0, up=np.array([0, -1.0, 0]), **path)
    options = CaptureOptions(people="largest", end=5, checkpoint=untrained_checkpoint, device="cpu", static_camera=True)
    given = replace(options, camera_trajectory=tmp_path / "path.npz", trajectory_scale=2.0)
    (clip,) = capture(demo_video, given)
    (still,) = capture(demo_video, replace(options, focal_length=1500))
    assert clip.focal_length == 1500
    np.testing.assert_allclose(clip.vertical.up, [0, -1, 0], atol=1e-9)
    np.testing.assert_allclose(clip.camera_positions(np.arange(6)), 2 * positions[:6], atol=1e-9)
    seen, held = still.people[0], clip.people[0]
    rest = rest_joints(load_body(), seen.betas)[0]
    for k in range(6):
        np.testing.assert_allclose(clip.in_camera(held.trans[k] + rest, k), seen.trans[k] + rest, atol=1e-4)

    with pytest.raises(TarError, match="frames 0 to 69 of the video, but frames 0 to 99"):
        capture(demo_video, replace(given, end=None))


@pytest.mark.slow
def test_each_shot_has_its_part_of_a_given_camera_trajectory(
    shots_video: Path, untrained_checkpoint: Path, tmp_path: Path
) -> None:
    """The camera of the second shot is elsewhere. Both shots are in the world of the trajectory."""
    numbers = np.arange(LAST + 1)[:, None]
    positions = np.where(numbers < CUT, 0.0, 3.0) * [1, 0, 0] + 0.2 * numbers / LAST
    path = {"rotations": np.tile(np.eye(3), (LAST + 1, 1, 1)), "translations": -positions}
    np.savez(tmp_path / "path.npz", focal=1500.0, up=np.array([0, -1.0, 0]), **path)
    options = CaptureOptions(checkpoint=untrained_checkpoint, device="cpu", people="largest")
    clips = capture(shots_video, replace(options, camera_trajectory=tmp_path / "path.npz"))
    starts = []
    for clip, first in zip(clips, (0, CUT), strict=True):
        assert clip.focal_length == 1500 and clip.camera_trajectory.first_frame == first
        frames = np.arange(first, clip.shot.last + 1)
        moved = clip.camera_positions(frames)
        np.testing.assert_allclose(moved, positions[frames] - positions[first], atol=1e-6)
        starts.append(clip.camera_trajectory.world[:3, 3])
    assert np.linalg.norm(starts[1] - starts[0]) == pytest.approx(np.linalg.norm(positions[CUT] - positions[0]))


@pytest.mark.slow
def test_video_lost_after_the_first_pass_keeps_the_motion(
    rotating_video: Path, untrained_checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    video = Path(shutil.copy(rotating_video, tmp_path))

    def unplug(progress: Progress) -> None:
        if progress.done == 23:
            video.unlink(missing_ok=True)

    options = CaptureOptions(people="largest", focal_length=1681, checkpoint=untrained_checkpoint, device="cpu")
    (clip,) = capture(video, options, unplug)
    assert len(clip.people[0]) == 24 and clip.camera_trajectory is None
    assert "no such video" in caplog.text and "treated as static" in caplog.text


def test_start_box_and_field_of_view(demo_video: Path, untrained_checkpoint: Path) -> None:
    options = CaptureOptions(box=StartBox(3, MAN), end=5, fov=90, checkpoint=untrained_checkpoint, device="cpu")
    (clip,) = capture(demo_video, options)
    assert clip.focal_length == pytest.approx(960)  # as given, in spite of the vanishing points
    np.testing.assert_array_equal(clip.people[0].frames, [3, 4, 5])


def test_every_second_frame_of_a_60_fps_video_is_processed(demo_video: Path, untrained_checkpoint: Path) -> None:
    """The skipped frames, and the frame after the last processed one, are interpolated."""
    box = StartBox(1, MAN)
    options = CaptureOptions(box=box, end=10, checkpoint=untrained_checkpoint, device="cpu")
    ((person,),) = [clip.people for clip in capture(demo_video, options)]
    np.testing.assert_array_equal(person.frames, np.arange(1, 11))
    np.testing.assert_allclose(person.boxes[1::2][:4], (person.boxes[0:8:2] + person.boxes[2::2]) / 2, rtol=1e-5)
    np.testing.assert_allclose(person.trans[9], 1.5 * person.trans[8] - 0.5 * person.trans[6], atol=1e-5)

    every = CaptureOptions(box=box, end=10, checkpoint=untrained_checkpoint, device="cpu", every_frame=True)
    ((fully,),) = [clip.people for clip in capture(demo_video, every)]
    np.testing.assert_array_equal(fully.frames, person.frames)
    offsets = np.abs(fully.boxes - person.boxes).max(1)
    assert offsets[0] < 1e-3 and 0.01 < offsets.max() < 30


def test_exception_in_the_progress_callback_ends_the_capture(demo_video: Path, untrained_checkpoint: Path) -> None:
    def cancel(progress: Progress) -> None:
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture(demo_video, CaptureOptions(checkpoint=untrained_checkpoint, device="cpu"), cancel)


def test_video_without_people_is_rejected(tmp_path: Path, untrained_checkpoint: Path) -> None:
    video = tmp_path / "empty_room.mp4"
    with VideoWriter(video, 30, 320, 240) as writer:
        for _ in range(8):
            writer.write(np.full((240, 320, 3), 120, np.uint8))
    with pytest.raises(TarError, match="no person found.*give a box") as error:
        capture(video, CaptureOptions(checkpoint=untrained_checkpoint, device="cpu"))
    assert error.value.topic == "nobody_detected"
    with pytest.raises(TarError, match="has no frame 50"):
        capture(video, CaptureOptions(start=50, checkpoint=untrained_checkpoint, device="cpu"))


@pytest.fixture(scope="module")
def scanned(demo_video: Path) -> tuple[list[DetectedPerson], list[Progress]]:
    """The people in the first frames, and the reported progress."""
    reported: list[Progress] = []
    return scan(demo_video, CaptureOptions(end=49, device="cpu"), reported.append).people, reported


@pytest.fixture
def detected(scanned: tuple[list[DetectedPerson], list[Progress]]) -> list[DetectedPerson]:
    return scanned[0]


def test_scan_detects_both_people_largest_first(detected: list[DetectedPerson]) -> None:
    man, passer_by = detected
    assert [man.person_id, passer_by.person_id] == [1, 2]
    assert man.first_frame == 0 and man.last_frame > 40 and box_iou(man.boxes[0], np.array(MAN)) > 0.5
    assert passer_by.first_frame <= 16 and passer_by.last_frame > 40, "she stands at the left edge from the start"
    assert max(man.thumbnail.shape) == 128 and man.thumbnail.std() > 20


def test_capture_of_a_selected_person(
    detected: list[DetectedPerson], demo_video: Path, untrained_checkpoint: Path
) -> None:
    selection = [person.to_job(person.person_id == 2) for person in detected]
    options = CaptureOptions(selection=selection, end=21, checkpoint=untrained_checkpoint, device="cpu")
    ((person,),) = [clip.people for clip in capture(demo_video, options)]
    assert person.person_id == 2, "people keep the numbers of the list"
    place = int(np.searchsorted(person.frames, detected[1].frames[0]))
    assert box_iou(person.boxes[place], detected[1].boxes[0]) > 0.5


def test_scan_reports_progress(scanned: tuple[list[DetectedPerson], list[Progress]]) -> None:
    reported = scanned[1]
    assert [progress.stage for progress in reported[:2]] == ["load", "scan"] and reported[-1].done == 50


def test_scan_of_a_video_without_people_is_rejected() -> None:
    grays = DATA / "twelve_greys.mp4"
    with pytest.raises(TarError, match="no person found") as error:
        scan(grays, CaptureOptions(device="cpu"))
    assert error.value.topic == "nobody_detected"
