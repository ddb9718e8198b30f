"""Plots, laid out on the server."""
