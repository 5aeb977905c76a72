"""What would be done about a fault that the target does not have. Nothing is applied."""
