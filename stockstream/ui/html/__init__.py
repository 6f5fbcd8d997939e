"""Tables, numbers and links as HTML; what comes from outside is escaped."""
