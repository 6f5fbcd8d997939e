"""The processes of the system: started, watched, brought back and ended."""
