"""Operators in short steps, played without a window."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from tar_blender.operators.paced import PacedOperator
from tar_core.errors import TarError


class Operator(PacedOperator):
    """Notes what it does."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.done: list[str] = []
        self.reports: list[str] = []
        self.fails = fails

    def report(self, kind: set[str], text: str) -> None:
        self.reports.append(text)

    def steps(self, context: Any) -> Any:
        try:
            yield
            self.starts_to_change(context)
            yield
            if self.fails:
                raise self.fails
            self.done.append("changed")
        finally:
            self.done.append("closed")


@pytest.fixture
def context() -> Any:
    progress = SimpleNamespace(running=False, cancel_requested=False, notice="", clip="", error="", stage="")
    manager = SimpleNamespace(
        tar_progress=progress,
        windows=[],
        event_timer_add=lambda seconds, window: "timer",
        event_timer_remove=lambda timer: None,
        modal_handler_add=lambda operator: True,
    )
    return SimpleNamespace(window_manager=manager, window=None)


def started(context: Any, fails: Exception | None = None) -> Operator:
    operator = Operator(fails)
    operator._invoked = True  # as in a window
    assert operator.run_paced(context, operator.steps(context), "Person 1") == {"RUNNING_MODAL"}
    assert context.window_manager.tar_progress.running and not operator.done
    return operator


def event(kind: str) -> Any:
    return SimpleNamespace(type=kind, value="PRESS")


def test_scripts_wait_for_the_result(context: Any) -> None:
    operator = Operator()
    assert operator.run_paced(context, operator.steps(context), "Person 1") == {"FINISHED"}
    assert operator.done == ["changed", "closed"]
    operator = Operator(TarError("no motion"))
    assert operator.run_paced(context, operator.steps(context), "Person 1") == {"CANCELLED"}
    assert operator.reports == ["No motion"]


def test_the_view_can_be_turned_until_the_file_changes(context: Any) -> None:
    operator = started(context)
    assert operator.modal(context, event("MIDDLEMOUSE")) == {"PASS_THROUGH"}
    assert operator.modal(context, event("X")) == {"RUNNING_MODAL"}
    operator.modal(context, event("TIMER"))
    operator.starts_to_change(context)
    assert operator.modal(context, event("MIDDLEMOUSE")) == {"RUNNING_MODAL"}
    while (result := operator.modal(context, event("TIMER"))) == {"RUNNING_MODAL"}:
        pass
    assert result == {"FINISHED"} and not context.window_manager.tar_progress.running
    assert operator.done == ["changed", "closed"]
    assert operator.run_paced(context, operator.steps(context), "Person 1") == {"FINISHED"}, "Adjust Last Operation"


def test_esc_cancels_until_the_file_changes(context: Any) -> None:
    operator = started(context)
    operator.modal(context, event("TIMER"))
    operator.modal(context, event("ESC"))
    assert operator.modal(context, event("TIMER")) == {"CANCELLED"}
    assert operator.done == ["closed"] and not context.window_manager.tar_progress.running
    operator = started(context)
    operator.starts_to_change(context)
    operator.modal(context, event("ESC"))
    while (result := operator.modal(context, event("TIMER"))) == {"RUNNING_MODAL"}:
        pass
    assert result == {"FINISHED"} and operator.done == ["changed", "closed"]


@pytest.mark.parametrize("error", [TarError("no motion"), ValueError("a bug")])
def test_errors_end_the_operator(context: Any, error: Exception) -> None:
    operator, results = started(context, error), []
    with pytest.raises(ValueError, match="a bug") if isinstance(error, ValueError) else nullcontext():
        while results[-1:] in ([], [{"RUNNING_MODAL"}]):
            results.append(operator.modal(context, event("TIMER")))
        assert results[-1] == {"CANCELLED"} and operator.reports == ["No motion"]
    assert operator.done == ["closed"] and not context.window_manager.tar_progress.running
