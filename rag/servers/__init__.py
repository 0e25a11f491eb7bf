"""Model servers: where they are, which one is asked, and what is said when one fails."""
