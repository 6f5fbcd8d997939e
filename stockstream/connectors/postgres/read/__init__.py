"""What reads the tables and changes nothing."""
