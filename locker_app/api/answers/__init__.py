"""What routes answer: the public shape of rows, in words, with examples for the OpenAPI."""
