"""When exchanges trade: the calendar of a symbol, its sessions, and the day that a trade belongs to."""
