"""The tests, as a package: an installed one of the same name would hide a folder."""
