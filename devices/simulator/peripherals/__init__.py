"""Simulated sensors that speak the wire formats of real ones; one file a protocol."""
