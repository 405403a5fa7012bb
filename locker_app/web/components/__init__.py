"""Parts that several pages share, as functions."""
