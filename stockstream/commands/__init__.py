"""The commands: the arguments of each, and what it puts together to run one job."""
