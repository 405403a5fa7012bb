"""Getting from a command to a running server: build, address, banner, process."""
