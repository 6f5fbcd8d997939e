"""Is the system well? Look at every part at once, for a short time, then judge what was seen.

Looking talks to the servers and is bounded in time; judging is pure. Every part is judged even
where another one is down, so one run tells everything that is wrong.
"""
