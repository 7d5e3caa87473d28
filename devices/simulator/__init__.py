"""The simulated sensor: a runner model, sensor errors and link faults, all seeded."""
