"""Many recordings at once: a row each, the same bytes however the work is divided."""
