"""Floor 3, what people run: live, replay, alerts, recording and the command line."""
