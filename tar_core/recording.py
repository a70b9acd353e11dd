"""What is recorded: from a camera or a stream, and for how long."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tar_core.errors import TarError

LONGEST = 3600.0  # seconds
DEFAULT_SECONDS = 10.0
SCHEMES = ("http", "https", "rtsp", "rtmp", "rtp", "udp")


@dataclass(frozen=True)
class Recording:
    """A recording to make.

    Attributes:
        source: the number of a camera, such as "0", or the address of a stream, such as "rtsp://192.168.1.20/stream".
        seconds: after which it ends.
        live: people are followed meanwhile, for a preview (tar_core/capture/live.py).

    Raises:
        TarError: the source is neither, or the duration is out of range.
    """

    source: str
    seconds: float = DEFAULT_SECONDS
    live: bool = False

    def __post_init__(self) -> None:
        scheme = re.match(r"([a-z]+)://[^\s/]", self.source)
        if self.camera is None and (scheme is None or scheme[1] not in SCHEMES):
            raise TarError(
                f"{self.shown_source or 'no source'}: give the number of a camera, such as 0, or an address that "
                f"begins with {', '.join(f'{name}://' for name in SCHEMES)}"
            )
        if not (math.isfinite(self.seconds) and 0 < self.seconds <= LONGEST):
            raise TarError(f"the duration must be above 0 and at most {LONGEST:g} seconds, not {self.seconds:g}")

    @property
    def camera(self) -> int | None:
        """The number of the camera; None if the source is the address of a stream."""
        return int(self.source) if re.fullmatch(r"[0-9]{1,2}", self.source) else None

    @property
    def shown_source(self) -> str:
        """The source for messages, without the user name and the password of an address."""
        return re.sub(r"//[^/]*@", "//", self.source) if self.camera is None else f"camera {self.camera}"

    def to_json(self) -> dict[str, Any]:
        return {"source": self.source, "seconds": self.seconds, **({"live": True} if self.live else {})}

    @classmethod
    def from_json(cls, values: Any) -> "Recording":
        """Create a recording from JSON values.

        Raises:
            TarError: they are not a recording.
        """
        if isinstance(values, Mapping) and values.keys() <= {"source", "seconds", "live"}:
            source, seconds = values.get("source"), values.get("seconds", DEFAULT_SECONDS)
            live = values.get("live", False)
            if isinstance(source, str) and isinstance(seconds, int | float) and isinstance(live, bool):
                return cls(source, float(seconds), live)
        raise TarError("record: expected a source, a number of seconds, and whether it is live")
