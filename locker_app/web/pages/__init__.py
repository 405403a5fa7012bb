"""One module for each page, with its State class."""
