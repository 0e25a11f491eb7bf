"""The text layer: sentences, words, numbers, dates, names and terms in any language, without index or model."""
