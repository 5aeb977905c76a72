"""Small frozen views of the Kubernetes objects that Planaria watches.

The store keeps these instead of whole bodies: a view holds what detection and healing read and nothing else, so five
thousand pods stay small, and every rule is a pure function over plain data that a test can build by hand.
"""
