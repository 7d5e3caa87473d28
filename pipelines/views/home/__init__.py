"""The runner's pages around a run: runs, months, journal, letter; plain pages without a script."""
