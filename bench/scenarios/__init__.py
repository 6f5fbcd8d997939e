"""What each bench measures; each is `python -m bench NAME`."""
