"""The routes of `/api/v1`, one module for each noun: who acts, which command, what is answered."""
