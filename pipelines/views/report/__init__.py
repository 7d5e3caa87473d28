"""The report of one run: what to say, how to draw it, and the page that holds it."""
