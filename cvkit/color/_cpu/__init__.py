"""CPU twins of ``cvkit.color.spaces``."""
