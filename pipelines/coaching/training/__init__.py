"""Training rules: pure functions and frozen states, one family a file, every text with a source."""
