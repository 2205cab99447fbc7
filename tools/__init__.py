"""Authoring tools: build the notebooks, check them, write the repository's address. Learners never need them."""
