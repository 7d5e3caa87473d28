"""Fault plans run through whole sessions and judged by what these found."""
