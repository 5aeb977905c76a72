"""Why something was done to a target lately, or why nothing was."""
