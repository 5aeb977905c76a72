"""One module per program; each has PROGRAM, a table of experiments."""
