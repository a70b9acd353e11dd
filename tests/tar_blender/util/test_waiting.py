"""The wait cursor is shown while an operator runs, and not longer. Blender cannot tell which cursor it shows."""

from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tar_blender.operators import export_person, frame_rate, ik_controls, key_reduction, person_edits, retarget
from tar_blender.operators.editing import EditOperator
from tar_blender.util.waiting import with_wait_cursor

LONG = (
    EditOperator,
    export_person.TAR_OT_export_person,
    export_person.TAR_OT_export_people,
    frame_rate.TAR_OT_bake_frame_rate,
    ik_controls.TAR_OT_add_ik_controls,
    ik_controls.TAR_OT_remove_ik_controls,
    key_reduction.TAR_OT_reduce_keys,
    person_edits.TAR_OT_resolve_range,
    person_edits.TAR_OT_set_contact,
    person_edits.TAR_OT_use_contact_keys,
    retarget.TAR_OT_retarget,
)


class Window:
    """A window that notes its cursor."""

    cursor = "DEFAULT"

    def cursor_modal_set(self, cursor: str) -> None:
        self.cursor = cursor

    def cursor_modal_restore(self) -> None:
        self.cursor = "DEFAULT"


@pytest.mark.parametrize("fails", [False, True])
def test_cursor_waits_until_the_operator_ends(fails: bool) -> None:
    window, seen = Window(), []
    context: Any = SimpleNamespace(window=window)

    @with_wait_cursor
    def execute(self: Any, context: Any) -> Any:
        seen.append(window.cursor)
        if fails:
            raise ValueError
        return {"FINISHED"}

    if fails:
        with pytest.raises(ValueError):
            execute(None, context)
    else:
        assert execute(None, context) == {"FINISHED"}
    assert seen == ["WAIT"] and window.cursor == "DEFAULT"


@pytest.mark.parametrize("operator", LONG)
def test_long_operators_wait(operator: Any) -> None:
    assert hasattr(operator.execute, "__wrapped__")


def test_operators_run_without_a_window(walker: bpy.types.Object) -> None:
    context: Any = SimpleNamespace(window=None)
    assert with_wait_cursor(lambda self, context: {"FINISHED"})(None, context) == {"FINISHED"}  # type: ignore[type-var]
