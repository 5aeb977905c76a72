"""What the structure of an observation says by itself: rules written by hand, each a transparent sign with a weight."""
