"""What the documents answer without the model: by their titles and dates, and by lines that say one thing each."""
