"""CPU twins: loop nests over boxes and windows, one file for each public module that needs one."""
