"""Verification: which spans of the evidence support the sentences of a draft, and what contradicts them."""
