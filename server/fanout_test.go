package server_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// listeners are clients that count what they receive.
type listeners struct {
	received atomic.Int64
	want     atomic.Int64
	all      chan struct{} // has a value as soon as the wanted number of messages was received
}

// hear counts the messages on a connection until it ends.
func (l *listeners) hear(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		var head [4]byte
		if _, err := io.ReadFull(in, head[:2]); err != nil {
			return
		}
		size := int(head[1])
		if size == 126 {
			if _, err := io.ReadFull(in, head[2:]); err != nil {
				return
			}
			size = int(binary.BigEndian.Uint16(head[2:]))
		}
		if _, err := in.Discard(size); err != nil {
			return
		}
		if l.received.Add(1) == l.want.Load() {
			l.all <- struct{}{}
		}
	}
}

// BenchmarkDeliveries delivers transactions that arrive one by one, or several at a
// time, as they do while the bank is busy.
func BenchmarkDeliveries(b *testing.B) {
	const subscribers = 1000
	for _, each := range []int{1, 16} {
		b.Run(fmt.Sprint(each), func(b *testing.B) {
			l := newLobby(b)
			handle(b, l.feed, l.log.pay(b, 1, 10))
			clients := listeners{all: make(chan struct{}, 1)}
			for range subscribers {
				go clients.hear(l.come(b, ""))
			}
			b.ReportAllocs()
			began := cpuTime(b)
			for b.Loop() {
				clients.want.Add(int64(subscribers * each))
				handle(b, l.feed, l.log.pay(b, each, 10))
				<-clients.all
			}
			deliveries := float64(clients.received.Load())
			b.ReportMetric(float64(cpuTime(b)-began)/deliveries, "cpu-ns/delivery")
			b.ReportMetric(deliveries/b.Elapsed().Seconds(), "deliveries/s")
		})
	}
}
