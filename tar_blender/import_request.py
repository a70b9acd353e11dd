"""One import as it waits in the queue: what to ask of the engine, and how the result enters the scene."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from .engine_client import CaptureJob
from .import_motion import ImportOptions


@dataclass(frozen=True)
class ImportRequest:
    job: CaptureJob
    options: ImportOptions

    @property
    def video(self) -> Path:
        return Path(self.job.video)

    def to_json(self) -> str:
        return json.dumps({"job": asdict(self.job), "options": self.options.settings()})

    @classmethod
    def from_json(cls, text: str) -> "ImportRequest":
        fields = json.loads(text)
        return cls(CaptureJob(**fields["job"]), ImportOptions(**fields["options"]))
