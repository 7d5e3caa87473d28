"""What one person keeps: the journal, the history, the desk."""
