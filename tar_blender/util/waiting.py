"""The wait cursor of operators during which Blender does not respond."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import bpy

from .blender_types import OperatorResult

Operator = TypeVar("Operator", bound=bpy.types.Operator)


def with_wait_cursor(
    execute: Callable[[Operator, bpy.types.Context], OperatorResult],
) -> Callable[[Operator, bpy.types.Context], OperatorResult]:
    """Decorate `execute` of an operator: the window, if there is one, shows the wait cursor until it returns."""

    @wraps(execute)
    def waiting(self: Operator, context: bpy.types.Context) -> OperatorResult:
        window = context.window
        if window is None:
            return execute(self, context)
        window.cursor_modal_set("WAIT")
        try:
            return execute(self, context)
        finally:
            window.cursor_modal_restore()

    return waiting
