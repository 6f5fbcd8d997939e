"""The market itself, pure: no environment, clock, socket, file or log in here."""
