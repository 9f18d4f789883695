"""CUDA twins: one file for each public module that needs one, with the names of the CPU twin."""
