"""The exception for errors that are shown to the user."""


class TarError(Exception):
    """An error that the user can correct. Its message is one line that says what is wrong and what to do."""
