"""Bytes on disk: session files, tables, alerts; one form a file."""
