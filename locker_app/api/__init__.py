"""HTTP: the REST API, sign-in forms, health, and what every response carries."""
