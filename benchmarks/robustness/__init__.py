"""Whatever comes in, whatever ends it: executions, moments, losses and findings, by command."""
