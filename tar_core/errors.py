"""The one exception that reaches users."""


class TarError(Exception):
    """Something the user can mend. Its text is one line that says what is wrong and what to do."""
