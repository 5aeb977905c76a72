"""What the policy sees and what it may choose, in one place for the simulator, the trainer and the service.

Nothing here knows torch: the service encodes and decodes with numpy alone.
"""
