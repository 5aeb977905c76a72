"""The policy network of equation 5: a category, then its parameters, through an information bottleneck (equation 8)."""
