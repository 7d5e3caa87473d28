"""Runnable stories, one per kind of user."""
