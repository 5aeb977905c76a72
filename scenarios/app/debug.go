package main

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
)

// addDebug adds the switches that faults are made with. Each makes the real thing happen.
func (s *Server) addDebug(mux *http.ServeMux) {
	mux.HandleFunc("POST /debug/leak", s.startLeak)
	mux.HandleFunc("POST /debug/hang", s.hang)
	mux.HandleFunc("POST /debug/panic", s.crash)
	mux.HandleFunc("POST /debug/log", s.say)
}

// startLeak makes every request from now on keep `kib` KiB for ever.
func (s *Server) startLeak(w http.ResponseWriter, r *http.Request) {
	size, err := strconv.Atoi(r.URL.Query().Get("kib"))
	if err != nil || size < 1 || size > 65536 {
		http.Error(w, "kib must be a whole number from 1 to 65536", http.StatusBadRequest)
		return
	}
	s.leak.Store(int64(size) * kib)
	fmt.Fprintf(w, "leaking %d KiB a request\n", size)
}

func (s *Server) hang(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "hanging")
	s.log.mute()
	select {
	case <-s.hung:
	default:
		close(s.hung)
	}
}

// hangable makes every request wait for ever once the process hangs.
func (s *Server) hangable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-s.hung:
			<-r.Context().Done()
		default:
			next.ServeHTTP(w, r)
		}
	})
}

type order struct{ items []string }

// crash dies of a nil pointer on a goroutine of its own, where the HTTP server cannot catch it.
func (s *Server) crash(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "crashing")
	go func() {
		var missing *order
		s.log.error("request_id=%s order has %d items", requestID(), len(missing.items))
	}()
}

// say writes the body to the log, line by line, as a service does that logs what its users send.
func (s *Server) say(w http.ResponseWriter, r *http.Request) {
	lines := bufio.NewScanner(http.MaxBytesReader(w, r.Body, 64*kib))
	for lines.Scan() {
		s.log.info("request_id=%s feedback received text=%q", requestID(), lines.Text())
	}
	fmt.Fprintln(w, "ok")
}

func requestID() string {
	var id [4]byte
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}
