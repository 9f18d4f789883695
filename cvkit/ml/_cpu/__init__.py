"""CPU twins: loop nests over samples, one file for each public module that needs one."""
