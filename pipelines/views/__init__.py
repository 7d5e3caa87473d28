"""How it looks: the terminal, the page, the report."""
