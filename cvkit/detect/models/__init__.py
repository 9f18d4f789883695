"""The models that come with cvkit, and their cards."""
