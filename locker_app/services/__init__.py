"""Commands: the only code that writes. One module for each noun."""
