"""What is said of a run: sentences that are made of facts and results."""
