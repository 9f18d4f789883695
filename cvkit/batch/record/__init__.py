"""The record of a run in its output folder, by which the next one knows what is done."""
