"""Figures as plain Plotly dictionaries: pure functions of values, with units on every axis."""
