"""Per sample: the door, which way is up, still or walking or running; one compiled loop."""
