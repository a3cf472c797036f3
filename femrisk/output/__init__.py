"""The result folder and what is drawn from it."""
