"""The smallest agent: repeats a query into its declared output."""

__version__ = "1.0.0"
