"""Desk mode: sitting and standing with a worn sensor."""
