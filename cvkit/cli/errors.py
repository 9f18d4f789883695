"""What a command raises to end with one line on stderr."""


class WrongUsageError(Exception):
    """The command was called with something it cannot work on; exit code 2."""
