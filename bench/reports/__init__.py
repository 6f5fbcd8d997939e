"""What a scenario measured, as text and charts."""
