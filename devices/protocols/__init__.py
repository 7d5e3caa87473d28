"""Wire formats, one file each: pure bytes to values and back, no input or output."""
