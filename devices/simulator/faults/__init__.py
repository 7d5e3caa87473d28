"""Faults of simulated sensors: one engine under every protocol and link."""
