"""Import requests: the job for the engine, and the options of the import. The queue contains them as JSON."""

import json
from dataclasses import dataclass
from pathlib import Path

from tar_core.engine.protocol import Job

from ..scene.options import ImportOptions


@dataclass(frozen=True)
class ImportRequest:
    """A request for an import. The job's video may be a motion file, which needs no engine."""

    job: Job
    options: ImportOptions

    @property
    def video(self) -> Path:
        return Path(self.job.video)

    @property
    def is_motion(self) -> bool:
        return self.video.suffix.lower() == ".npz"

    def to_json(self) -> str:
        return json.dumps({"job": self.job.to_json(), "options": self.options.to_json()})

    @classmethod
    def from_json(cls, text: str) -> "ImportRequest":
        fields = json.loads(text)
        return cls(Job.from_json(fields["job"]), ImportOptions.from_json(fields["options"]))
