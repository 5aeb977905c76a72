"""Which of several operators acts. The others watch, so that they know everything when their turn comes."""
