// One program for every node: it lets a packet of a new connection pass, or not, by the NetworkPolicies of the cluster.
//
// What decides is sigs.k8s.io/kube-network-policies as it is. Its own program finds the cluster only from inside a pod, and
// its way of handing packets to user space is one that not every kernel has; both are done here.
package main

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

const queue = 100

func main() {
	kubeconfig := flag.String("kubeconfig", "", "the cluster, and who we are there")
	node := flag.String("node", "", "name of the node whose pods are guarded")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *kubeconfig, *node); err != nil {
		klog.Fatalf("network policies of %s: %v", *node, err)
	}
}

func run(ctx context.Context, kubeconfig, node string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	controller, err := networkpolicy.NewController(
		client,
		factory.Networking().V1().NetworkPolicies(),
		factory.Core().V1().Namespaces(),
		factory.Core().V1().Pods(),
		nil, nil, nil, nil,
		// It tries NRI, which would tell a pod's address a moment earlier and which Debian's containerd does not have, says
		// so once and goes on. With NRIdisabled it asks what it never made, and dies at a new pod's first packet.
		networkpolicy.Config{NodeName: node, QueueID: queue},
	)
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	if err := handOver(queue); err != nil {
		return err
	}
	return controller.Run(ctx)
}
