"""Pure rules and words of Cubby: standard library only, no clock, no database, no framework."""
