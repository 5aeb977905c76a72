"""What is measured. One command per table; each prints it, writes JSON, and can check that its goals are met."""
