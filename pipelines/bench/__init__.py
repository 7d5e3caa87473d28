"""What a maker of sensors measures on the bench: conformance of a unit, and a link's quality."""
