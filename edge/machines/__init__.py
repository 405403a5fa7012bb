"""What a terminal does, as pure functions: no clock, no disk, no network, no hardware."""
