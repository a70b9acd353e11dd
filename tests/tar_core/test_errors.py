"""Hints on errors."""

from tar_core.errors import TarError, first_line, with_hint


def test_hints_are_appended_by_topic() -> None:
    hints = {"nobody_detected": "draw a box"}
    assert with_hint("no person found", "nobody_detected", hints) == "no person found (draw a box)"
    assert with_hint("no person found", "another_topic", hints) == "no person found"
    assert with_hint("no such video", TarError("no such video").topic, hints) == "no such video"


def test_control_characters_are_written_out() -> None:
    assert str(TarError("a\nb\x1b[31m ä\r")) == r"a\nb\x1b[31m ä\r"


def test_an_error_without_a_message_is_named_by_its_kind() -> None:
    assert first_line(AssertionError()) == "AssertionError"
    assert first_line(RuntimeError("no kernel\nfor this")) == "no kernel"
    assert len(first_line(RuntimeError(1000 * "x"))) == 200
