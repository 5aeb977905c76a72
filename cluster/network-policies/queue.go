package main

import (
	"encoding/binary"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/xt"
)

const table = "planaria-network-policies"

// handOver queues the packets that the library's own rules would queue, where the kernel lacks nftables' `queue` but
// has the NFQUEUE target of iptables. Otherwise it does nothing: the library installs its rules itself.
//
// Every new connection goes through user space here, not only those of pods that a policy selects.
func handOver(number uint16) error {
	connection, err := nftables.New()
	if err != nil {
		return err
	}
	clear(connection)
	if try(connection, &expr.Queue{Num: number}) == nil {
		clear(connection)
		return nil
	}
	unknown := xt.Unknown(binary.NativeEndian.AppendUint16(nil, number))
	return try(connection, &expr.Target{Name: "NFQUEUE", Rev: 0, Info: &unknown})
}

func clear(connection *nftables.Conn) {
	old := &nftables.Table{Name: table, Family: nftables.TableFamilyIPv4}
	connection.AddTable(old)
	connection.DelTable(old)
	_ = connection.Flush()
}

func try(connection *nftables.Conn, verdict expr.Any) error {
	home := connection.AddTable(&nftables.Table{Name: table, Family: nftables.TableFamilyIPv4})
	chain := connection.AddChain(&nftables.Chain{
		Name: "postrouting", Table: home, Type: nftables.ChainTypeFilter,
		// After a Service's address has become a pod's, and before a pod's has become the node's.
		Hooknum:  nftables.ChainHookPostrouting,
		Priority: nftables.ChainPriorityRef(*nftables.ChainPriorityNATSource - 5),
	})
	for _, rule := range [][]expr.Any{fromTheNode(), established(), {verdict}} {
		connection.AddRule(&nftables.Rule{Table: home, Chain: chain, Exprs: rule})
	}
	return connection.Flush()
}

// fromTheNode lets the kubelet's probes pass, as a policy cannot forbid them.
func fromTheNode() []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeySKUID, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{0, 0, 0, 0}},
		&expr.Verdict{Kind: expr.VerdictAccept},
	}
}

func established() []expr.Any {
	states := binaryutil.NativeEndian.PutUint32(expr.CtStateBitESTABLISHED | expr.CtStateBitRELATED)
	return []expr.Any{
		&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: states, Xor: []byte{0, 0, 0, 0}},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: []byte{0, 0, 0, 0}},
		&expr.Verdict{Kind: expr.VerdictAccept},
	}
}
