"""CPU twins of the modules at the top level."""
