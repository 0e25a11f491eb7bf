"""What a reader typed becomes the question that is asked: spelling, key words, follow-ups, one question a document."""
