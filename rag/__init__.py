"""Footnote: answers from your own documents, with the exact passage behind every sentence."""
