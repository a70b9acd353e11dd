"""What a pass over a video, or over a part of it, has recorded, and how the records of two parts are joined.

Frames are numbered twice: by their index in the video, and by their number among the processed ones.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from tar_core.camera.vanishing_points import EstimatedCamera
from tar_core.capture.track import CapturedPerson, TrackResults, collect_people
from tar_core.people.looks import Looks
from tar_core.people.record import TrackingRecord
from tar_core.video.bars import PictureArea

NO_END = 2**62  # beyond the number of any frame


@dataclass(frozen=True)
class ShotStart:
    """How a shot begins.

    Attributes:
        first: its first video frame.
        number: number of that frame among the processed ones.
        area: the picture between bars at its beginning, see `first_view`.
        camera: the camera in the clearest picture of its beginning.
        is_seen: whether there was a frame that is not blank; until then, the camera is unknown.
    """

    first: int
    number: int
    area: PictureArea
    camera: EstimatedCamera
    is_seen: bool = True

    def number_at(self, frame: int, step: int) -> int:
        """Number of the first processed frame of the shot at or after a video frame."""
        return self.number - (self.first - frame) // step

    def frame_zero(self, step: int) -> int:
        """The video frame at which the processed frames would be numbered 0 if the video were this shot alone."""
        return self.first - step * self.number


@dataclass
class PassRecord:
    """What a pass has recorded.

    Attributes:
        step: video frames from one processed frame to the next.
        tracking: the tracks.
        shots: how each shot begins. A part of a video may begin within the first one.
        last: the last video frame.
        moving: numbers of processed frames in which the camera was seen to move.
        boxes: boxes of all tracked people in each processed frame, x0, y0, x1, y1 in pixels of the shot's area.
        results: of the network, by track.
        looks: at hands and faces.
        warnings: about the video file.
    """

    step: int
    tracking: TrackingRecord
    shots: list[ShotStart] = field(default_factory=list)
    last: int = -1
    moving: set[int] = field(default_factory=set)
    boxes: dict[int, list[list[float]]] = field(default_factory=dict)
    results: dict[int, TrackResults] = field(default_factory=dict)
    looks: Looks[Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def shot_at(self, frame: int) -> ShotStart:
        """The shot to which a video frame belongs."""
        return next((shot for shot in reversed(self.shots) if shot.first <= frame), self.shots[0])

    def numbers(self, index: int) -> range:
        """The numbers of the processed frames of a shot."""
        shot = self.shots[index]
        end = self.shots[index + 1].first if index + 1 < len(self.shots) else self.last + 1
        return range(shot.number, shot.number_at(end, self.step))

    def people(self, fps: float, with_hands: bool, with_face: bool) -> list[CapturedPerson]:
        """The people, and the results of each. `fps` is the rate of the processed frames."""
        found = self.tracking.people([shot.number for shot in self.shots[1:]], fps)
        return collect_people(found, self.results, self.looks, with_hands, with_face)

    def joined(self, later: "PassRecord", seam: int) -> "PassRecord":
        """This record up to a seam, and a later one from there on.

        Args:
            later: begins with a shot, or some time before the seam, so that people are recognized in common frames. It
                has processed the same frames of the shot at the seam.
            seam: the first video frame that is taken from the later record.
        """
        number = self.shot_at(seam - 1).number_at(seam, self.step)
        offset = number - later.shot_at(seam).number_at(seam, self.step)
        before = self._moved({name: name for name in self.tracking.tracks}, 0, range(number))
        after = later._moved(self.tracking.names_in(later.tracking, offset), offset, range(number, NO_END))
        results, looks = dict(before.results), dict(before.looks)
        for track, found in after.results.items():
            results[track] = results.get(track, {}) | found
        for part, seen in after.looks.items():
            looks[part] = [*looks.get(part, ()), *seen]
        return PassRecord(
            self.step,
            before.tracking.followed_by(after.tracking),
            [shot for shot in self.shots if shot.first < seam] + [shot for shot in after.shots if shot.first >= seam],
            later.last,
            before.moving | after.moving,
            before.boxes | after.boxes,
            results,
            looks,
            list(dict.fromkeys(self.warnings + later.warnings)),
        )

    def _moved(self, names: dict[int, int], offset: int, numbers: range) -> "PassRecord":
        """The record with other numbers of tracks and of processed frames, without frames beyond some numbers."""
        return replace(
            self,
            tracking=self.tracking.moved(names, offset, numbers),
            shots=[replace(shot, number=shot.number + offset) for shot in self.shots],
            moving={frame + offset for frame in self.moving if frame + offset in numbers},
            boxes={frame + offset: boxes for frame, boxes in self.boxes.items() if frame + offset in numbers},
            results={
                names[track]: {frame + offset: result for frame, result in found.items() if frame + offset in numbers}
                for track, found in self.results.items()
                if track in names
            },
            looks={
                (names[track], part): [
                    replace(look, frame=look.frame + offset) for look in seen if look.frame + offset in numbers
                ]
                for (track, part), seen in self.looks.items()
                if track in names
            },
        )
