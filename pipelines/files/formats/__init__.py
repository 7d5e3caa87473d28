"""Named formats, a file each; the table of them is in ``table.py``."""
