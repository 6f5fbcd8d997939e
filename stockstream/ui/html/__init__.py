"""Tables, numbers and links as HTML; external text is escaped."""
