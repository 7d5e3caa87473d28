"""What the runner is told, when, and why."""
