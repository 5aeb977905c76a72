"""Ask a policy to begin nothing new, and take that back."""
