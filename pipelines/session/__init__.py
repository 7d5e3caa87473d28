"""What is computed from a session's log: pure, with no file, no clock and no asyncio."""
