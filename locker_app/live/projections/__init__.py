"""What is sent of each kind of topic: one module for each noun, one function for each kind."""
