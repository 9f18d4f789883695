"""The table of what is compared: image operations by domain, detectors, and learners, in a room."""
