"""Floor 1, the signal: pure functions and streaming stages; knows no file, device or clock."""
