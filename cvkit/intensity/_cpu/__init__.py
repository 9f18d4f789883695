"""CPU twins of ``cvkit.intensity``."""
