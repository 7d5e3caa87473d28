"""The commands of the command line: one file each, nothing but arguments and messages."""
