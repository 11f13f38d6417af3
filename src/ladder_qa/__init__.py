"""Answers questions about a career ladder in its documents' exact words, each line cited."""
