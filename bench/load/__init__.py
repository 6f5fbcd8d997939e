"""What puts load on a system and watches what comes of it."""
