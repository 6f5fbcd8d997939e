"""Health checks: measure every part of the system at once, for a short time, then judge the samples.

Measuring talks to the servers and is bounded in time; judging is pure. Every part is judged even if another
one is down, so one run reports everything that is wrong.
"""
