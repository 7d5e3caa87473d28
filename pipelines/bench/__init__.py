"""What is judged on the bench: a unit's conformance, a link's quality, what faults show in a session."""
