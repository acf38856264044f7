package docker

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// prober tries, from inside of a service, to reach addresses in every way that needs no privilege: connections; datagrams
// that are routed, and that are sent straight out of the interface, whatever the routes say; broadcasts; multicast. It
// prints the addresses that answered a connection, with "!" before them, and what its name server said.
const prober = `
import socket, struct, sys, threading
token, port, hosts, others = sys.argv[1], int(sys.argv[2]), sys.argv[3].split(), sys.argv[4].split()
own = socket.gethostbyname(socket.gethostname())
gateway = socket.inet_ntoa(struct.pack(">I", struct.unpack(">I", socket.inet_aton(own))[0] & ~31 | 1))
said = []
def tcp(addr, straight):
    try:
        s = socket.socket(socket.AF_INET6 if ":" in addr[0] else socket.AF_INET)
        s.settimeout(2)
        if straight: s.setsockopt(socket.SOL_SOCKET, 25, b"eth0\0") # SO_BINDTODEVICE
        s.connect(addr)
        said.append("! connected to %s" % (addr,))
    except ConnectionRefusedError: said.append("! refused by %s" % (addr,))
    except OSError: pass
def udp(addr, straight):
    try:
        s = socket.socket(socket.AF_INET6 if ":" in addr[0] else socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if ":" not in addr[0]:
            s.bind((own, 0))
            s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        if straight: s.setsockopt(socket.SOL_SOCKET, 25, b"eth0\0")
        for _ in range(3): s.sendto(token.encode(), addr)
    except OSError: pass
def v6(host): return [(host, port, 0, socket.if_nametoindex("eth0"))] if ":" in host else [(host, port)]
addrs = [a for h in hosts + [gateway] for a in v6(h)] + [(a.rsplit(":", 1)[0], int(a.rsplit(":", 1)[1])) for a in others]
every = ["255.255.255.255", "224.0.0.1", "224.0.0.251", "239.1.2.3", socket.inet_ntoa(struct.pack(">I", struct.unpack(">I", socket.inet_aton(own))[0] | 31))]
threads = [threading.Thread(target=f, args=(a, straight)) for a in addrs for f in (tcp, udp) for straight in (False, True)]
threads += [threading.Thread(target=udp, args=((a, port), straight)) for a in every for straight in (False, True)]
for t in threads: t.start()
for t in threads: t.join()
for name in ("deb.debian.org", token + ".example.com"):
    try: said.append("! %s is %s" % (name, socket.gethostbyname(name)))
    except OSError: pass
said += ["route " + l for l in open("/proc/net/route").read().split("\n")[1:] if l and l.split()[1] == "00000000"]
said += ["! IPv6 " + l for l in open("/proc/net/if_inet6").read().split("\n") if l and not l.endswith("lo")]
print("\n".join(said + ["done"]))
`

// receivers listen on this machine, at every address, and note which connections and datagrams came.
type receivers struct {
	port int
	mu   sync.Mutex
	got  []string
}

func receive(t *testing.T) *receivers {
	r := &receivers{}
	tcp, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Skip(err)
	}
	r.port = tcp.Addr().(*net.TCPAddr).Port
	udp, err := net.ListenPacket("udp", fmt.Sprintf("0.0.0.0:%d", r.port))
	if err != nil {
		t.Skip(err)
	}
	var work sync.WaitGroup
	t.Cleanup(func() { _ = tcp.Close(); _ = udp.Close(); work.Wait() })
	work.Go(func() {
		for {
			c, err := tcp.Accept()
			if err != nil {
				return
			}
			r.note("a connection from " + c.RemoteAddr().String())
			_ = c.Close()
		}
	})
	work.Go(func() {
		b := make([]byte, 100)
		for {
			n, from, err := udp.ReadFrom(b)
			if err != nil {
				return
			}
			r.note(fmt.Sprintf("%s from %s", b[:n], from))
		}
	})
	return r
}

func (r *receivers) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, what)
}

// about is what came that has a token in it.
func (r *receivers) about(token string) (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, what := range r.got {
		if strings.Contains(what, token) {
			out = append(out, what)
		}
	}
	return out
}

// neighbour is a container that is not the lab's, on the engine's default network, that notes the datagrams which come.
func neighbour(t *testing.T, e *Engine, image string, port int) (addr string, got func() string) {
	t.Helper()
	name := "neighbour-" + newID()
	_, err := e.api.ContainerCreate(t.Context(), client.ContainerCreateOptions{Name: name,
		Config: &container.Config{Image: image, Entrypoint: []string{"python3.13", "-u", "-c", fmt.Sprintf(`import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", %d))
s.settimeout(60)
print("ready")
while True: print(s.recv(100))`, port)}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = removeContainer(context.Background(), e.api, name) })
	if _, err := e.api.ContainerStart(t.Context(), name, client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	r, err := e.api.ContainerInspect(t.Context(), name, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range r.Container.NetworkSettings.Networks {
		addr = n.IPAddress.String()
	}
	got = func() string {
		logs, err := e.api.ContainerLogs(context.Background(), name, client.ContainerLogsOptions{ShowStdout: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = logs.Close() }()
		var out strings.Builder
		for s := bufio.NewScanner(logs); s.Scan(); {
			out.WriteString(s.Text() + "\n")
		}
		return out.String()
	}
	for begun := time.Now(); !strings.Contains(got(), "ready"); time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > 30*time.Second {
			t.Fatal("the neighbour does not come up")
		}
	}
	return addr, got
}

// hostAddresses are all addresses of this machine but those that every machine has for itself.
func hostAddresses(t *testing.T) (out []string) {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLoopback() {
			out = append(out, p.Addr().WithZone("").String())
		}
	}
	return out
}

// TestReach: what runs in a lab reaches its own services, and nothing else: not this machine at any of its addresses, not
// another lab, not another container, not the outside, not by a name, and not with a datagram to which nobody replies.
func TestReach(t *testing.T) {
	e := real(t)
	host := receive(t)
	start := func() *environment {
		v, err := e.Start(t.Context(), newID(), lab03(t).Env, files(t)(""), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = v.Stop(context.Background()) })
		return v.(*environment)
	}
	from, other := start(), start()
	refs, err := Refs(lab03(t).Env)
	if err != nil {
		t.Fatal(err)
	}
	beside, besideGot := neighbour(t, e, refs[0], host.port)
	others := []string{fmt.Sprintf("%s:%d", beside, host.port), "1.1.1.1:443", "8.8.8.8:53", "169.254.169.254:80"}
	others = append(others, listening(t, e, other)...)
	token := newID()
	probe := func(v *environment) string {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r, err := v.Exec(ctx, "backend", "python3.13", "-c", prober, token, fmt.Sprint(host.port),
			strings.Join(hostAddresses(t), " "), strings.Join(others, " "))
		if err != nil || !strings.Contains(r.Stdout, "done") {
			t.Fatalf("%v, %+v", err, r)
		}
		return r.Stdout
	}
	if out := probe(from); strings.Contains(out, "!") || strings.Contains(out, "route") {
		t.Errorf("from inside:\n%s", out)
	}
	time.Sleep(300 * time.Millisecond) // for a datagram that is on its way
	if got := host.about(""); len(got) > 0 {
		t.Errorf("on this machine came: %q", got)
	}
	if got := besideGot(); strings.Contains(got, token) {
		t.Errorf("in another container came: %s", got)
	}
	if r, err := from.Exec(t.Context(), "proxy", "wget", "-q", "-T", "5", "-O-", "http://backend:8000/health"); err != nil || r.Code != 0 {
		t.Errorf("its own services: %+v, %v", r, err)
	}
}

// listening lists where a lab's containers listen.
func listening(t *testing.T, e *Engine, v *environment) (out []string) {
	t.Helper()
	for _, s := range append([]*service{v.forwarder}, v.services...) {
		r, err := e.api.ContainerInspect(t.Context(), s.container, client.ContainerInspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range r.Container.NetworkSettings.Networks {
			for _, port := range []int{8000, 8080, forwarderPort, forwarderPort + 1} {
				out = append(out, fmt.Sprintf("%s:%d", n.IPAddress, port))
			}
		}
	}
	return out
}

// TestReachProbe: the prober and the receivers find what can be reached, on a network as engines make them.
func TestReachProbe(t *testing.T) {
	e := real(t)
	host := receive(t)
	refs, err := Refs(lab03(t).Env)
	if err != nil {
		t.Fatal(err)
	}
	name, token := "open-"+newID(), newID()
	network := container.NetworkMode(name)
	if _, err := e.api.NetworkCreate(t.Context(), name, client.NetworkCreateOptions{Driver: "bridge", Internal: true,
		IPAM: privateSubnet()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = removeNetwork(context.Background(), e.api, name) })
	argv := []string{"python3.13", "-c", prober, token, fmt.Sprint(host.port), strings.Join(hostAddresses(t), " "), ""}
	_, err = e.api.ContainerCreate(t.Context(), client.ContainerCreateOptions{Name: name,
		Config: &container.Config{Image: refs[0], Entrypoint: argv}, HostConfig: &container.HostConfig{NetworkMode: network}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = removeContainer(context.Background(), e.api, name) })
	if _, err := e.api.ContainerStart(t.Context(), name, client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); len(host.about(token)) == 0 || len(host.about("connection")) == 0; time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("from an ordinary internal network came only %q", host.about(""))
		}
	}
	text, _ := json.Marshal(host.about(""))
	t.Logf("from an ordinary internal network: %s", text)
}
