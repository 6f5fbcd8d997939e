"""What `producer.py` sends, from the simulated market or a live feed, and the loop that sends it."""
