"""Search of a frame for people whom the detector reports with doubt, only in a turned picture, or not at all.

Every place is looked at by the two landmark networks, and only a person in whom both agree is found.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np

from tar_core.camera.crop import Crop, crop_from_box
from tar_core.people.boxes import box_iou, overlaps_any
from tar_core.people.second_look import SecondLook
from tar_core.people.track import CropView, Detection

DOUBTFUL_SCORE = 0.2  # of a detection that is looked at
TURNED_SCORE = 0.3  # the same in a turned picture
MAX_LOOKS = 3  # places per search; more would make crowded videos slow
QUARTER_TURNS = (1, 3, 2)  # counterclockwise; people who lie are more frequent than people who are upside down
ROTATIONS = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}  # of OpenCV, per turn
EMPTY_INTERVAL = 0.4  # seconds between searches of pictures in all directions while nobody is followed
RETRY_INTERVAL = 0.5  # seconds in which a place is not looked at again if nobody was seen there
SAME_PLACE_IOU = 0.5  # of two boxes at the same place
CROWDED_INTERVAL = 1.0  # seconds between searches of pictures turned in one direction while somebody is


class Detector(Protocol):
    """Detects people in a frame [H, W, 3] uint8 RGB with a score of at least `threshold`."""

    def detect(self, image: np.ndarray, threshold: float) -> Sequence[Detection]: ...


@dataclass(frozen=True)
class Place:
    """Where a person may be.

    Attributes:
        box: [4] x0, y0, x1, y1 in image pixels.
        crop: where to look.
        score: the detector's; 0 if the place does not come from the detector.
        is_lost: whether a person was lost there, so that it is looked at every time.
    """

    box: np.ndarray
    crop: Crop
    score: float = 0.0
    is_lost: bool = False


@dataclass(frozen=True)
class FoundPerson:
    """A person in whom both networks agree.

    Attributes:
        box: [4] around the visible landmarks, image pixels.
        crop: the crop around the person.
        score: 1, like the score of a certain detection.
    """

    box: np.ndarray
    crop: Crop
    score: float = 1.0


class PeopleSearch:
    """Searches frames for doubtful people.

    Args:
        detector: used for turned pictures.
        second_look: the landmark networks.
        fps: frame rate.
    """

    def __init__(self, detector: Detector, second_look: SecondLook, fps: float) -> None:
        self._detector, self._second_look, self._fps = detector, second_look, fps
        self._last_turned: int | None = None
        self._next_turn = 0
        self._empty: list[tuple[int, np.ndarray]] = []  # frame and box of places where nobody was seen

    def find(
        self, frame: int, image: np.ndarray, doubtful: Iterable[Place], known: Sequence[np.ndarray]
    ) -> list[FoundPerson]:
        """Find people who are not known yet.

        Args:
            frame: number of the frame.
            image: [H, W, 3] uint8 RGB.
            doubtful: places to look at first.
            known: boxes of the people who are followed, or found by the detector in this frame.
        """
        places = [*doubtful, *self._turned_places(frame, image, is_empty=not known)]
        found: list[FoundPerson] = []
        looks = 0
        for place in places:
            taken = [*known, *(person.box for person in found)]
            if looks >= MAX_LOOKS or overlaps_any(place.box, taken) or self._was_empty(frame, place):
                continue
            looks += 1
            view = self.look(frame, image, place)
            if view is not None and not overlaps_any(view.box, taken):
                found.append(FoundPerson(view.box, view.next_crop()))
        return found

    def look(self, frame: int, image: np.ndarray, place: Place) -> CropView | None:
        """BlazePose's result for the person at a place; None without one, or if there was none a moment ago."""
        if self._was_empty(frame, place):
            return None
        view = self._second_look.find_person(image, place.crop)
        if view is None:
            self._empty.append((frame, place.box))
        return view

    def _was_empty(self, frame: int, place: Place) -> bool:
        self._empty = [(when, box) for when, box in self._empty if frame - when < RETRY_INTERVAL * self._fps]
        return not place.is_lost and any(box_iou(box, place.box) > SAME_PLACE_IOU for _, box in self._empty)

    def _turned_places(self, frame: int, image: np.ndarray, is_empty: bool) -> list[Place]:
        """Detections in turned pictures if they are due, the best first; in an empty frame also the whole frame."""
        interval = EMPTY_INTERVAL if is_empty else CROWDED_INTERVAL
        if self._last_turned is not None and frame - self._last_turned < interval * self._fps:
            return []
        self._last_turned = frame
        turns = QUARTER_TURNS if is_empty else QUARTER_TURNS[self._next_turn :][:1]
        self._next_turn = (self._next_turn + 1) % len(QUARTER_TURNS)
        places = []
        for turn in turns:
            for detection in self._detector.detect(cv2.rotate(image, ROTATIONS[turn]), TURNED_SCORE):
                box = turn_back(detection.box, turn, image.shape)
                # The person is probably upright in the turned picture, where MoveNet sees people best.
                crop = replace(crop_from_box(box), roll=turn * math.pi / 2)
                places.append(Place(box, crop, detection.score))
        places.sort(key=lambda place: place.score, reverse=True)
        if is_empty:
            whole = np.array([0.0, 0, image.shape[1] - 1, image.shape[0] - 1])
            places.append(Place(whole, crop_from_box(whole, margin=1.0)))
        return places


def turn_back(box: np.ndarray, turn: int, shape: Sequence[int]) -> np.ndarray:
    """The box [4] in an image of a box in the image turned counterclockwise.

    Args:
        box: x0, y0, x1, y1 in pixels of the turned image.
        turn: number of quarter turns.
        shape: height and width of the image.
    """
    x0, y0, x1, y1 = box
    right, bottom = shape[1] - 1, shape[0] - 1
    turned = {
        0: (x0, y0, x1, y1),
        1: (right - y1, x0, right - y0, x1),
        2: (right - x1, bottom - y1, right - x0, bottom - y0),
        3: (y0, bottom - x1, y1, bottom - x0),
    }
    return np.array(turned[turn % 4])
