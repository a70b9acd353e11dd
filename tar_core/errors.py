"""The exception for errors that are shown to the user."""

import unicodedata
from collections.abc import Mapping


class TarError(Exception):
    """An error that the user can correct.

    Args:
        message: one line that says what is wrong and what to do. It names no command-line flag and no button, since
            the command line and Blender both show it.
        topic: what it is about, e.g. "nobody_detected"; the command line and Blender have hints for some topics.
            Warnings have topics as well: `logger.warning(message, extra={"topic": topic})`.
    """

    def __init__(self, message: str, topic: str = "") -> None:
        super().__init__(one_line(message))
        self.topic = topic


def with_hint(message: str, topic: str, hints: Mapping[str, str]) -> str:
    """Append the hint on the topic of an error or warning, if there is one."""
    message = one_line(message)
    return f"{message} ({hints[topic]})" if topic in hints else message


# Characters of a text that another program or a file provides, and of an error's first line.
LONGEST_TEXT, LONGEST_REASON = 2000, 200


def shown_text(value: object) -> str:
    """Convert a value of unknown origin to a text that Blender can store and show.

    It has one line of limited length, and neither surrogates nor null characters.
    """
    text = one_line(str(value)[:LONGEST_TEXT])
    return text.encode(errors="replace").decode().replace("\0", "?")


def one_line(message: str) -> str:
    """Write control characters, such as line breaks in the name of a file, as `\\n` or `\\x1b`."""
    return "".join(repr(letter)[1:-1] if unicodedata.category(letter) == "Cc" else letter for letter in message)


def first_line(error: Exception) -> str:
    """The first line of an error's message, of limited length, or the kind of an error that has no message."""
    text = str(error).strip()
    return text.splitlines()[0][:LONGEST_REASON] if text else type(error).__name__
