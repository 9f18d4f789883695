"""Color spaces and gray."""
