"""The live page: a run in a browser on the same computer, one subject a file."""
