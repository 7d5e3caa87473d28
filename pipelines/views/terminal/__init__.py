"""The live view in a terminal, one subject a file."""
