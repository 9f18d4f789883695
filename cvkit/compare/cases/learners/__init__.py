"""The table of learners, by kind."""
