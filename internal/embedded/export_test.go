package embedded

import (
	"net"
	"net/netip"

	"github.com/cwk-stream/lab/internal/session"
)

// Judge is nginx -t of the stand-in on files by their absolute paths: its complaint, "" for none. The network knows
// "backend" and "proxy".
func Judge(files map[string][]byte) string {
	n := &nginx{service: "proxy", net: newNetwork([]string{"backend", "proxy"}), files: files}
	if _, err := n.read(); err != nil {
		return err.Error()
	}
	return ""
}

// MimeTypes is the stand-in's /etc/nginx/mime.types.
func MimeTypes() []byte { return mimeTypes }

// Sabotage makes every further request to the proxy panic: its server has no settings.
func Sabotage(env session.Environment) {
	n := env.(*environment).services["proxy"].nginx
	at := netip.MustParseAddrPort("0.0.0.0:8080")
	conf := &config{limit: 512, listens: []*listen{{addr: at, standard: &server{}}}}
	n.current.Store(&generation{nginx: n, conf: conf, conns: map[net.Conn]*conn{}, empty: make(chan struct{})})
}

// Listen puts a server on a port of a service, inside the network of an environment.
func Listen(env session.Environment, service string, port int, serve func(net.Conn)) error {
	_, err := env.(*environment).net.listen(door{service: service, port: port}, func() bool { return true }, serve)
	return err
}
