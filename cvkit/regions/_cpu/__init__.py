"""CPU twins of ``cvkit.regions``."""
