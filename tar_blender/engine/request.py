"""One import as it waits in the queue: where the motion comes from, and how it enters the scene."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tar_core.engine.client import CaptureJob

from ..scene.build import ImportOptions


@dataclass(frozen=True)
class ImportRequest:
    """The job's video may be a motion file: it needs no engine."""

    job: CaptureJob
    options: ImportOptions

    @property
    def video(self) -> Path:
        return Path(self.job.video)

    @property
    def is_motion(self) -> bool:
        return self.video.suffix.lower() == ".npz"

    def to_json(self) -> str:
        return json.dumps({"job": asdict(self.job), "options": self.options.settings()})

    @classmethod
    def from_json(cls, text: str) -> "ImportRequest":
        fields = json.loads(text)
        return cls(CaptureJob(**fields["job"]), ImportOptions(**fields["options"]))
