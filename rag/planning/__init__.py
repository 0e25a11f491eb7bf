"""Questions about documents as a whole: recognised, planned by the language model, executed over the index."""
