"""Every number against a truth: ``python -m benchmarks.accuracy [--data DIR]``."""
