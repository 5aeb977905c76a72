"""A cluster on the machine itself: each node is a set of Linux namespaces with its own containerd and kubelet."""
