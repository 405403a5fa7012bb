"""Reads: projections and searches as frozen rows, scoped to who looks."""
