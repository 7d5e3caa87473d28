"""What is judged on the bench: a unit's conformance, its link, what faults show in a session."""
