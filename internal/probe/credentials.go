package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/cwk-stream/lab/internal/course"
)

// credentials gives the headers and the request target of a handshake. early says why there is no token, where
// one was to be fetched.
func (l *look) credentials(ctx context.Context, e course.Endpoint) (h http.Header, path string, early *answer, err error) {
	h = http.Header{Header: {l.id}}
	for name, value := range e.Headers {
		h.Set(name, value)
	}
	if e.Token == nil {
		return h, e.Path, nil, nil
	}
	token, early, err := l.token(ctx, *e.Token)
	if early != nil || err != nil {
		return nil, "", early, err
	}
	if !sleep(ctx, e.Token.Age) {
		return nil, "", nil, ctx.Err()
	}
	path = e.Path
	if e.Token.Query != "" {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		path += mark + url.Values{e.Token.Query: {token}}.Encode()
	} else {
		h.Set(e.Token.Header, e.Token.Prefix+token)
	}
	return h, path, nil, nil
}

// token fetches a credential. The answer, if there is one, says why it did not come.
func (l *look) token(ctx context.Context, t course.Token) (string, *answer, error) {
	e := course.Endpoint{Via: t.Via, Path: t.Path}
	service, port := e.Service()
	addr, err := l.run.target.Addr(service, port)
	if err != nil {
		return "", nil, fmt.Errorf("finding %s: %w", t.Via, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+t.Path, nil)
	if err != nil {
		return "", nil, fmt.Errorf("asking for a token: %w", err)
	}
	l.saw(Exchange{From: "you", To: service, Kind: WireRequest, Text: "GET " + t.Path + " HTTP/1.1"})
	transport := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: maxHandshake}
	res, err := transport.RoundTrip(req)
	if err != nil {
		if ctx.Err() != nil {
			return "", nil, ctx.Err()
		}
		if ours := cannotConnect(t.Via, err); ours != nil {
			return "", nil, ours
		}
		why := reason(err)
		l.saw(Exchange{From: service, To: "you", Kind: WireRefused, Text: why})
		return "", &answer{noToken: why}, nil
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(res.Body, 8<<10))
	l.saw(Exchange{From: service, To: "you", Kind: WireResponse,
		Text: fmt.Sprintf("%d %s", res.StatusCode, http.StatusText(res.StatusCode))})
	token := strings.TrimSpace(string(body))
	switch {
	case res.StatusCode != http.StatusOK:
		return "", &answer{noToken: strconv.Itoa(res.StatusCode)}, nil
	case token == "" || strings.ContainsAny(token, "\r\n"):
		return "", &answer{noToken: "malformed"}, nil
	}
	return token, nil, nil
}

// clientTLS gives the client's side of TLS for an endpoint, nil for none.
func (l *look) clientTLS(ctx context.Context, e course.Endpoint) (*tls.Config, error) {
	if e.TLS == nil {
		return nil, nil
	}
	name := e.TLS.ServerName
	if name == "" {
		name, _ = e.Service()
	}
	c := &tls.Config{ServerName: name, NextProtos: e.TLS.ALPN, MinVersion: tls.VersionTLS12}
	if e.TLS.CA == "" {
		return c, nil
	}
	pem := e.TLS.Roots
	if service, path, ok := e.TLS.At(); ok {
		data, err := l.run.target.ReadFile(ctx, service, path)
		if err != nil {
			return nil, fmt.Errorf("reading the authority's certificate: %w", err)
		}
		pem = data
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", e.TLS.CA)
	}
	return c, nil
}
