"""Supervision of the system's processes: starting, monitoring, restarting and ending them."""
