"""CPU twins of ``cvkit.layers``."""
