"""Tracking of all people in a video, frame by frame.

The backbone runs once per person and frame. It gives the features that TAR takes as input, and the landmarks that
place the crop of the same person in the next frame (as in MediaPipe's pose tracking). A detector that runs several
times per second finds people who enter the scene, and confirms that tracks show people. A second landmark network
confirms people whom the detector reports with doubt, only in a turned picture, or not at all (`second_look`).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tar_core.camera.crop import Crop, crop_from_alignment, crop_from_box
from tar_core.errors import TarError
from tar_core.model.features import FrameFeatures
from tar_core.model.keypoints import Keypoints
from tar_core.people.boxes import box_height, box_iou, extend_to_whole_body, match_boxes, square_box
from tar_core.people.clear_runs import TrackHistory
from tar_core.people.identity import Identity
from tar_core.people.look_ahead import LookAhead
from tar_core.people.occlusion import MAX_HIDDEN_DIFFERENCE, are_close, difference, paint_over, people_in_front
from tar_core.people.one_euro import OneEuroFilter
from tar_core.people.record import MIN_HITS, RecordedTrack, TrackingRecord, is_confirmed
from tar_core.people.search import DOUBTFUL_SCORE, Detector, PeopleSearch, Place
from tar_core.people.second_look import SecondLook
from tar_core.people.track import CENTER_POINT, SCALE_POINT, CropView, Detection, Sighting, Track, is_same_body

DETECTION_INTERVAL = 0.2  # seconds
SEARCH_INTERVAL = 0.1  # seconds, while a track is lost or there is none
STRONG_SCORE = 0.4  # a detection with this score starts a track; in close-ups MIN_SCORE is enough
MIN_SCORE = 0.3  # a detection with this score confirms a track
RESTART_FRAMES = 30  # the crops of all tracks restart at multiples, see `Track.restart`
MAX_GAP = 0.5  # seconds after which a lost track ends
MIN_IOU = 0.3  # of a detection and the landmarks' box of the same person

CLEARLY_BETTER = 0.15  # difference in appearance by which a newer track of the same body replaces an older one
MIN_SIZE_RATIO = 1.25  # by which a new person must be taller to be tracked when the number of people is limited
CLOSE_UP_HEIGHT = 0.5  # as a fraction of the image height: detections this large are hardly ever false


@dataclass(frozen=True)
class _Candidate:
    """A detection that matches no followed track, and the lost track that it matches, if any."""

    detection: Detection
    crop: Crop
    lost_track: Track | None

    def is_shown_by(self, view: CropView) -> bool:
        """Whether a crop shows a person where the detection is."""
        return view.shows_person() and box_iou(view.box, self.detection.box) >= MIN_IOU


class PeopleTracker:
    """Tracks all people through a video.

    Args:
        backbone: maps crops [B, 256, 256, 3], uint8 RGB, to FrameFeatures with BlazePose's landmarks.
        detector: None to follow only people in given boxes.
        fps: frame rate.
        max_people: when so many people are tracked, a new person is tracked only if clearly larger than one of them;
            None for no limit.
        movenet: maps crops [B, 256, 256, 3], uint8 RGB, to keypoints; None to do without a second look.
    """

    def __init__(
        self,
        backbone: Callable[[np.ndarray], FrameFeatures],
        detector: Detector | None,
        fps: float,
        max_people: int | None = None,
        movenet: Callable[[np.ndarray], Keypoints] | None = None,
    ) -> None:
        self.backbone = backbone
        self.detector = detector
        self.fps = fps
        self.max_people = max_people
        self._second_look = SecondLook(movenet, self._view, fps) if movenet else None
        self._search = PeopleSearch(detector, self._second_look, fps) if detector and self._second_look else None
        self.tracks: list[Track] = []  # followed, or lost for less than MAX_GAP
        self.ended: list[Track] = []
        self.cuts: list[int] = []  # first frames after camera cuts
        self._look_ahead = LookAhead(backbone)
        self._histories: dict[int, TrackHistory] = {}
        self._detector_runs = 0
        self._last_detection: int | None = None
        self._detector_thread = ThreadPoolExecutor(1, "detector")
        self._begun: tuple[int, Future[Sequence[Detection]]] | None = None  # frame and result of the detector
        self._next_id = 1

    def step(self, frame: int, image: np.ndarray, upcoming: np.ndarray | None = None) -> list[Sighting]:
        """Find all people in the next frame.

        Args:
            frame: number of the frame; increases by one from call to call.
            image: [H, W, 3] uint8 RGB.
            upcoming: the image of the next call, if it is known and of the same shot; see `LookAhead`.

        Returns:
            One sighting per visible person, including tracks that are not confirmed yet (see `confirmed_tracks`).
        """
        hits = {track.track_id: len(track.hits) for track in self.tracks}
        is_due = self._is_detection_due(frame)
        if is_due:
            self._begin_detection(frame, image)
        elif upcoming is not None and self._is_detection_due(frame, ahead=1):
            self._begin_detection(frame + 1, upcoming)
        # Without a detector, a lost person can only be found again where the track ended.
        followed = [t for t in self.tracks if t.last_frame == frame - 1 or self.detector is None]
        if frame % RESTART_FRAMES == 0:
            self._look_ahead.forget()
            for track in followed:
                track.restart()
        views = self._look_ahead.view(image, followed, upcoming)
        candidates = self._detect(frame, image) if is_due else []
        first_views = [self._view(image, candidate.crop) for candidate in candidates]
        sightings: dict[int, Sighting] = {}
        views = [self._look_behind(row, followed, views, image) for row in range(len(followed))]
        # A track that has lost its person is looked at again after the others, since it must not take over theirs.
        for row in sorted(range(len(followed)), key=lambda row: not views[row].shows_person()):
            track, view = followed[row], self._look_again(followed[row], frame, image, views[row])
            if view is None:
                continue
            sightings[track.track_id] = self._follow(track, frame, view)
            if not any(are_close(view, other) for other in views[:row] + views[row + 1 :]):
                track.learn(view.appearance)
            is_unseen = frame == self._last_detection and len(track.hits) == hits[track.track_id] < MIN_HITS
            if is_unseen and self._second_look is not None and self._second_look.confirms(image, view):
                track.add_hit(frame, is_strong=True)
        for candidate, first_view in zip(candidates, first_views, strict=True):
            view = self._second_view(candidate, frame, image, first_view)
            accepted = self._accept(candidate, frame, view)
            if accepted is not None:
                sightings[accepted.track_id] = self._follow(accepted, frame, view)
        for track in self._find_duplicates(frame):
            # The person of this track may still be visible: the track counts as lost, and a detection can recover it.
            del sightings[track.track_id]
            track.revert()
        self._end_lost(frame)
        for seen in sightings.values():
            history = self._histories.setdefault(seen.track_id, TrackHistory(seen.track_id))
            history.add(frame, seen.box, seen.trunk, seen.appearance)
        return list(sightings.values())

    def cut(self, frame: int) -> None:
        """End all tracks, since another shot begins with this frame. Call it before `step` of the same frame."""
        self.cuts.append(frame)
        self.ended += self.tracks
        self.tracks = []
        self._last_detection = None

    def start_from_box(self, frame: int, image: np.ndarray, box: np.ndarray) -> None:
        """Start a track from a box [4] (x0, y0, x1, y1) that the user drew. Call it before `step` of the same frame.

        Raises:
            TarError: the box is outside the frame, or shows no person.
        """
        height, width = image.shape[:2]
        x0, y0, x1, y1 = (float(value) for value in box)
        if not (x0 < x1 and y0 < y1 and x0 < width and y0 < height and x1 > 0 and y1 > 0):
            raise TarError(
                f"the box {x0:g},{y0:g},{x1:g},{y1:g} is not inside the {width}x{height} frame; give left, top, right"
                " and bottom in pixels"
            )
        crop = self._align(image, crop_from_box(extend_to_whole_body(box, height)))
        if crop is None:
            raise TarError(f"the box on frame {frame} shows no person; draw it around the whole person")
        track = self._new_track(frame, crop)
        # The previous frame, so that step() follows the track.
        track.last_frame, track.from_user_box = frame - 1, True
        self.tracks.append(track)

    def confirmed_tracks(self) -> list[Track]:
        """The tracks that show people: detected often enough, or started by the user. Call it after the last frame."""
        tracks = sorted(self.ended + self.tracks, key=lambda track: track.track_id)
        return [track for track in tracks if is_confirmed([track], self._detector_runs)]

    def confirmed_people(self) -> list[Identity]:
        """The people whom the tracks show, in the order of their first frames. Call it after the last frame."""
        return self.record().people(self.cuts, self.fps)

    def record(self) -> TrackingRecord:
        """What is known about all tracks. Call it after the last frame."""
        tracks = {track.track_id: track for track in self.ended + self.tracks}
        recorded = {
            number: RecordedTrack(
                history, tracks[number].hits, tracks[number].has_strong_detection, tracks[number].from_user_box
            )
            for number, history in self._histories.items()
        }
        return TrackingRecord(recorded, self._detector_runs)

    def _is_detection_due(self, frame: int, ahead: int = 0) -> bool:
        """Whether the detector is to run in a frame, or probably so many frames later."""
        if self.detector is None:
            return False
        if self._last_detection is None:
            return True
        is_searching = not self.tracks or any(track.last_frame < frame - 1 for track in self.tracks)
        interval = SEARCH_INTERVAL if is_searching else DETECTION_INTERVAL
        return frame + ahead - self._last_detection >= max(1, round(interval * self.fps))

    def _begin_detection(self, frame: int, image: np.ndarray) -> None:
        """Run the detector on a frame, beside the backbone, unless that has begun."""
        assert self.detector is not None
        if self._begun is None or self._begun[0] != frame:
            threshold = MIN_SCORE if self._search is None else DOUBTFUL_SCORE
            self._begun = frame, self._detector_thread.submit(self.detector.detect, image, threshold)

    def _detect(self, frame: int, image: np.ndarray) -> list[_Candidate]:
        """Confirm the tracks that match the detections. Returns the other detections: new or returning people."""
        assert self._begun is not None
        self._last_detection = frame
        self._detector_runs += 1
        image_height = len(image)
        reported = self._begun[1].result()
        detections = [detection for detection in reported if detection.score >= MIN_SCORE]
        doubtful = [detection for detection in reported if detection.score < MIN_SCORE]
        followed = [track for track in self.tracks if track.last_frame == frame - 1]
        lost = [track for track in self.tracks if track.last_frame < frame - 1]
        boxes = [detection.box for detection in detections]
        matched = match_boxes(boxes, [track.box for track in followed], MIN_IOU)
        others = [index for index in range(len(boxes)) if index not in matched]
        # Lost people have moved on since. The boxes of standing people are narrow; squares allow for a movement of half
        # a body height.
        returned = match_boxes(
            [square_box(boxes[n]) for n in others], [square_box(track.box) for track in lost], MIN_IOU
        )
        returning = {others[i]: lost[j] for i, j in returned.items()}

        for index, place in matched.items():
            followed[place].add_hit(frame, is_strong(detections[index], image_height))
        candidates: list[_Candidate] = []
        for index in sorted(others, key=lambda index: box_height(boxes[index]), reverse=True):
            detection, track = detections[index], returning.get(index)
            may_start = is_strong(detection, image_height) and self._has_room(detection, len(candidates))
            if track is not None or may_start:
                crop = self._align(image, crop_from_box(extend_to_whole_body(detection.box, image_height)))
                if crop is not None:
                    candidates.append(_Candidate(detection, crop, track))
                    continue
            doubtful.append(detection)
        return candidates + self._search_doubtful(frame, image, doubtful, candidates)

    def _search_doubtful(
        self, frame: int, image: np.ndarray, doubtful: Sequence[Detection], candidates: Sequence[_Candidate]
    ) -> list[_Candidate]:
        """Search for people where lost tracks ended, at doubtful detections and in turned pictures."""
        returning = [candidate.lost_track for candidate in candidates]
        lost = [track for track in self.tracks if track.last_frame < frame - 1 and track not in returning]
        is_full = self.max_people is not None and len(self.tracks) + len(candidates) >= self.max_people
        if self._search is None or (is_full and not lost):
            return []
        places = [Place(track.box, track.crop, is_lost=True) for track in lost]
        for detection in sorted(doubtful, key=lambda detection: detection.score, reverse=True):
            crop = crop_from_box(extend_to_whole_body(detection.box, len(image)))
            places.append(Place(detection.box, crop, detection.score))
        known = [track.box for track in self.tracks if track.last_frame == frame - 1]
        found = self._search.find(frame, image, places, known + [candidate.detection.box for candidate in candidates])
        pairs = match_boxes([square_box(one.box) for one in found], [square_box(one.box) for one in lost], MIN_IOU)
        return [
            _Candidate(person, person.crop, lost[pairs[index]] if index in pairs else None)
            for index, person in enumerate(found)
            if index in pairs or self._has_room(person, len(candidates))
        ]

    def _has_room(self, detection: Detection, num_candidates: int) -> bool:
        """Whether the limit allows one more person, or the detection is clearly larger than a tracked person."""
        if self.max_people is None or len(self.tracks) + num_candidates < self.max_people:
            return True
        return any(box_height(detection.box) > MIN_SIZE_RATIO * box_height(track.box) for track in self.tracks)

    def _align(self, image: np.ndarray, crop: Crop) -> Crop | None:
        """Refine a rough crop by the landmarks seen in it; None if it shows no person."""
        view = self._view(image, crop)
        return view.next_crop() if view.shows_person() else None

    def _view(self, image: np.ndarray, crop: Crop) -> CropView:
        return CropView(crop, self.backbone(crop.cut(image)[None]), image)

    def _look_again(self, track: Track, frame: int, image: np.ndarray, view: CropView) -> CropView | None:
        """What a followed track shows, after a second look where it pays; None if the person is lost."""
        if self._second_look is None:
            return view if view.shows_person() else None
        followed = [other for other in self.tracks if other.last_frame == frame]
        return self._second_look.follow(track, frame, image, view, followed)

    def _new_track(self, frame: int, crop: Crop) -> Track:
        track = Track(
            track_id=self._next_id,
            last_frame=frame,
            crop=crop,
            box=np.zeros(4),
            points=np.zeros((0, 2)),
            smoother=OneEuroFilter(self.fps),
        )
        self._next_id += 1
        return track

    def _follow(self, track: Track, frame: int, view: CropView) -> Sighting:
        """Update the track, and place its crop in the next frame."""
        center, scale_point = view.points[CENTER_POINT], view.points[SCALE_POINT]
        size = 2 * float(np.linalg.norm(scale_point - center))
        center, scale_point = track.smoother(np.stack([center, scale_point]), 1 / size)
        track.crop_before, track.crop = track.crop, crop_from_alignment(center, scale_point)
        track.update(frame, view.box, view.points)
        track.difference = difference(track, view)
        if track.appearance is None:
            track.learn(view.appearance)
        return view.sighting(track.track_id, frame)

    def _look_behind(self, row: int, tracks: Sequence[Track], views: Sequence[CropView], image: np.ndarray) -> CropView:
        """The view of a track, or a better one with the people in front of the person painted over."""
        track, view = tracks[row], views[row]
        in_front = people_in_front(row, tracks, views)
        was_hidden = track.hidden_by.intersection(in_front)
        track.hidden_by = was_hidden
        if not in_front:
            return view
        picture = track.crop.cut(image)
        for other in in_front.values():
            picture = paint_over(picture, track.crop.from_image(other.points))
        behind = CropView(track.crop, self.backbone(picture[None]), image)
        is_other = any(is_same_body(other.points, behind.points, other.crop.size) for other in in_front.values())
        is_better = bool(was_hidden) or difference(track, behind) < difference(track, view)
        is_better = is_better and difference(track, behind) < MAX_HIDDEN_DIFFERENCE
        if not behind.shows_person() or is_other or not is_better:
            return view
        track.hidden_by = set(in_front)
        return behind

    def _second_view(self, candidate: _Candidate, frame: int, image: np.ndarray, view: CropView) -> CropView:
        """`view`, or that of the crop from MoveNet's keypoints if only that one shows a candidate's person."""
        if self._search is None or candidate.is_shown_by(view):
            return view
        box = candidate.detection.box
        place = Place(box, crop_from_box(extend_to_whole_body(box, view.frame_height)))
        return self._search.look(frame, image, place) or view

    def _accept(self, candidate: _Candidate, frame: int, view: CropView) -> Track | None:
        """The new or recovered track of a candidate; None if it is not a person, or is already followed."""
        if not candidate.is_shown_by(view):
            return None
        is_strong_detection = is_strong(candidate.detection, view.frame_height)
        for track in self.tracks:
            if track.last_frame == frame and is_same_body(track.points, view.points, track.crop.size):
                track.add_hit(frame, is_strong_detection)
                return None
        accepted = candidate.lost_track
        if accepted is None:
            accepted = self._new_track(frame, view.crop)
            self.tracks.append(accepted)
        accepted.smoother = OneEuroFilter(self.fps)
        accepted.add_hit(frame, is_strong_detection)
        return accepted

    def _find_duplicates(self, frame: int) -> list[Track]:
        """One of every two tracks that follow the same body in this frame: the one that looks less like the person."""
        visible = [track for track in self.tracks if track.last_frame == frame]
        duplicates = []
        for older, newer in combinations(visible, 2):
            if is_same_body(older.points, newer.points, older.crop.size):
                is_newer_right = newer.difference + CLEARLY_BETTER < older.difference
                duplicates.append(older if is_newer_right else newer)
        return list({track.track_id: track for track in duplicates}.values())

    def _end_lost(self, frame: int) -> None:
        for track in list(self.tracks):
            if frame - track.last_frame > MAX_GAP * self.fps:
                self.tracks.remove(track)
                self.ended.append(track)


def is_strong(detection: Detection, image_height: int) -> bool:
    """Whether a detection is certain enough to start a track."""
    is_close_up = box_height(detection.box) >= CLOSE_UP_HEIGHT * image_height
    return detection.score >= (MIN_SCORE if is_close_up else STRONG_SCORE)
