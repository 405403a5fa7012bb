"""Pages and their State classes: who acts, which command, how it is shown."""
