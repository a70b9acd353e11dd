"""A stand-in for Blender's UILayout, which exists only while Blender draws a window."""

from types import SimpleNamespace
from typing import Any


class RecordingLayout:
    """Records what is drawn in it and in its sublayouts.

    Attributes:
        labels: the texts of labels.
        properties: the identifiers of properties.
        operators: the identifiers of operators.
        texts: the texts of buttons.
    """

    def __init__(self, parent: "RecordingLayout | None" = None) -> None:
        self.labels: list[str] = parent.labels if parent else []
        self.properties: list[str] = parent.properties if parent else []
        self.operators: list[str] = parent.operators if parent else []
        self.texts: list[str] = parent.texts if parent else []

    def label(self, text: str = "", **_: Any) -> None:
        self.labels.append(text)

    def prop(self, data: object, name: str, **_: Any) -> None:
        self.properties.append(name)

    def operator(self, identifier: str, text: str = "", **_: Any) -> SimpleNamespace:
        self.operators.append(identifier)
        self.texts.append(text)
        return SimpleNamespace()  # the operator's properties

    def template_icon(self, icon: int, **_: Any) -> None:
        pass

    def row(self, **_: Any) -> "RecordingLayout":
        return RecordingLayout(self)

    def column(self, **_: Any) -> "RecordingLayout":
        return RecordingLayout(self)

    def box(self) -> "RecordingLayout":
        return RecordingLayout(self)

    def split(self, **_: Any) -> "RecordingLayout":
        return RecordingLayout(self)
