"""Once a step: contact, flight, force, oscillation, lean and load of a step that is closed."""
