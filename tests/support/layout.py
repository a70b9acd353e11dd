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
        text.encode()  # Blender refuses surrogates
        self.labels.append(text)

    def prop(self, data: object, name: str, **_: Any) -> None:
        self.properties.append(name)

    def prop_search(self, data: object, name: str, searched: object, items: str, **_: Any) -> None:
        getattr(searched, items)  # must exist
        self.prop(data, name)

    def operator(self, identifier: str, text: str = "", **_: Any) -> SimpleNamespace:
        self.operators.append(identifier)
        self.texts.append(text)
        return SimpleNamespace()  # the operator's properties

    def operator_menu_enum(self, identifier: str, name: str, **_: Any) -> SimpleNamespace:
        return self.operator(identifier)

    def progress(self, text: str = "", **_: Any) -> None:
        self.labels.append(text)

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


class WindowContext:
    """Blender's context with what it has only in a window: a region and the scale of the interface."""

    region = SimpleNamespace(width=300)

    @property
    def preferences(self) -> SimpleNamespace:
        import bpy

        return SimpleNamespace(system=SimpleNamespace(ui_scale=1.0), addons=bpy.context.preferences.addons)

    def __getattr__(self, name: str) -> Any:
        import bpy

        return getattr(bpy.context, name)


class DrawnPanel:
    """A panel with a recording layout; Blender creates panels only in a window."""

    def __init__(self, panel: type) -> None:
        self._panel, self.layout = panel, RecordingLayout()
        self.draw(WindowContext())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._panel, name).__get__(self)
