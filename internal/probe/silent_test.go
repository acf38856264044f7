package probe_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// TestSilenceOfTheProxy wants a proxy that waits for an address where nobody answers to be the student's to mend, and one
// that is silent for no reason that can be seen to be nobody's.
func TestSilenceOfTheProxy(t *testing.T) {
	waiting := map[string][]probe.Socket{"proxy": {socket("10.0.0.3:40000", "10.255.255.1:8000", probe.SocketConnecting)}}
	for _, tt := range []struct {
		name    string
		sockets map[string][]probe.Socket
		outcome probe.Outcome
		got     string
	}{
		{"waits itself", waiting, probe.NotMet, "upstream-silent proxy 10.255.255.1:8000"},
		{"silent", map[string][]probe.Socket{"proxy": {}}, probe.Unknown, "timeout 0.5"},
		{"cannot be seen", nil, probe.Unknown, "timeout 0.5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			gone := make(chan struct{})
			tg := raw(t, func(net.Conn) { <-gone })
			defer close(gone)
			s := &sockets{target: tg, asked: map[string]int{}}
			for i := range s.stages {
				s.stages[i] = tt.sockets
			}
			for _, c := range []course.Check{handshake(101, 500*time.Millisecond),
				{Kind: course.KindHTTP, Limit: 500 * time.Millisecond,
					HTTP: &course.HTTP{Endpoint: course.Endpoint{Via: "proxy", Path: "/"}, Expect: course.HTTPExpect{Status: http.StatusOK}}}} {
				if v := evaluate(t, s, c); v.Outcome != tt.outcome || v.Got.String() != tt.got {
					t.Errorf("%s: %s %q, want %s %q", c.Kind, v.Outcome, v.Got, tt.outcome, tt.got)
				}
			}
		})
	}
}

// TestThisMachineCannotConnect wants what keeps this machine from connecting to be an error, and no verdict on the student:
// the broadcast address, to which no TCP connection may be made, stands for a loopback interface that is down.
func TestThisMachineCannotConnect(t *testing.T) {
	tg := newTarget()
	tg.add("proxy", "255.255.255.255:1")
	for _, c := range []course.Check{handshake(101, 5*time.Second), idle(course.Idle{OpenAfter: time.Second}),
		{Kind: course.KindHTTP, HTTP: &course.HTTP{Endpoint: course.Endpoint{Via: "proxy", Path: "/"}, Expect: course.HTTPExpect{Status: 200}}}} {
		c.Limit = 5 * time.Second
		v, err := probe.NewRun(tg, nil).Evaluate(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), "from this machine") {
			t.Errorf("%s: %s %q, %v; want an error", c.Kind, v.Outcome, v.Got, err)
		}
	}
}
