"""What is going on now, per policy."""
