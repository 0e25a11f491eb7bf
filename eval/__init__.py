"""The offline evaluation: known-answer sets, metrics that need no model as judge, and their statistics."""
