"""CPU twins of ``cvkit.morphology``."""
