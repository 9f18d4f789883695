"""A page about what a run did."""
