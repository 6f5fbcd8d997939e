"""The market domain, as pure code: no environment, clock, socket, file or log in here."""
