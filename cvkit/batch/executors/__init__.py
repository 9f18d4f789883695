"""Where a batch runs: in this process, in several, or on a cluster."""
