"""How long the steps of an import keep Blender's main thread busy. Runs inside Blender."""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy

SHOWN = 5  # of the longest parts
_BEAT_SECONDS = 0.01


@dataclass(order=True)
class Span:
    """A span of work on the main thread.

    Attributes:
        wall: elapsed time, ms.
        processor: processor time, ms.
        builds: whether the span builds the scene; otherwise it polls the engine.
        place: the line at which the span ended.
    """

    wall: float = 0.0
    processor: float = 0.0
    builds: bool = False
    place: str = ""

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure the block."""
        clock, processor = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            self.wall = 1000 * (time.perf_counter() - clock)
            self.processor = 1000 * (time.thread_time() - processor)


def timed_steps(operator: type[bpy.types.Operator]) -> list[Span]:
    """Measure each timer step of an import operator from now on; the list grows while the operator runs."""
    spans: list[Span] = []
    step = operator._step

    def timed(running: bpy.types.Operator, *arguments: object) -> object:
        spans.append(Span(builds=running._building is not None))
        with spans[-1].measured():
            return step(running, *arguments)

    operator._step = timed
    return spans


def timed_parts(operator: type[bpy.types.Operator]) -> list[Span]:
    """Measure each part, from pause to pause, of the scene's building from now on."""
    spans: list[Span] = []
    start = operator._import_steps

    def timed(building: Generator) -> Generator:
        while True:
            spans.append(Span(place="the end"))
            try:
                with spans[-1].measured():
                    next(building)
            except StopIteration as end:
                return end.value
            spans[-1].place = paused_line(building)
            yield

    operator._import_steps = lambda running, context: timed(start(running, context))
    return spans


def paused_line(building: Generator) -> str:
    """File and line at which a generator, or the innermost one that it delegates to, is paused."""
    while isinstance(building.gi_yieldfrom, Generator):
        building = building.gi_yieldfrom
    return f"{Path(building.gi_code.co_filename).name}:{building.gi_frame.f_lineno}"


class Responsiveness:
    """How often a 3D viewport is drawn from now on, and the longest time between two events of the main loop."""

    def __init__(self, view: bpy.types.SpaceView3D) -> None:
        self._view, self._draws = view, 0
        self._last, self._longest = time.perf_counter(), 0.0
        self._handler = view.draw_handler_add(self._count, (), "WINDOW", "POST_PIXEL")
        self._running = True
        bpy.app.timers.register(self._beat, first_interval=0)

    def print_figures(self, name: str, seconds: float) -> None:
        """End the measurement, which took so long, and print it."""
        self._running = False
        self._view.draw_handler_remove(self._handler, "WINDOW")
        print(f"FIGURE {name}_seconds={seconds:.1f}")
        print(f"FIGURE {name}_redraws_per_second={self._draws / seconds:.1f}")
        print(f"FIGURE {name}_longest_pause_ms={1000 * self._longest:.0f}")

    def _count(self) -> None:
        self._draws += 1

    def _beat(self) -> float | None:
        now = time.perf_counter()
        self._longest, self._last = max(self._longest, now - self._last), now
        return _BEAT_SECONDS if self._running else None


def print_longest(parts: list[Span]) -> None:
    for part in sorted(parts)[-SHOWN:]:
        print(f"    {part.wall:.1f} ms, {part.processor:.1f} ms of processor time, up to {part.place}")
