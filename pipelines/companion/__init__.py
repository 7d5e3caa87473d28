"""What accompanies a live run beside its analysis: its plan, its cues, its journal entry."""
