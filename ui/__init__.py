"""The page in the browser: questions in, answers out whose every mark opens the passage behind it."""
