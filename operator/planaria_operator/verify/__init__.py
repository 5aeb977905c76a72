"""Applied is not fixed: is the target healthy, and does it last?"""
