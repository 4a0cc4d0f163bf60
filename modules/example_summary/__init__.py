"""Summaries by a model: an agent that reaches the world through its broker alone."""
