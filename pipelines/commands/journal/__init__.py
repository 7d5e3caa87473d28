"""The commands ``backstride journal …``, one a file."""
