"""What a text says in any language: sentences, words, numbers, dates and terms. It imports no index and no model."""
