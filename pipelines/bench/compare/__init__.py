"""Two accounts of the same running, step by step: other parameters, version, or file."""
