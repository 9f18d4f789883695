"""CPU twins: loop nests over rows, one file for each public module that needs one."""
