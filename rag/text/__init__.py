"""What a text says in any language: its sentences, words, numbers, dates and terms. It knows nothing of an index or a model."""
