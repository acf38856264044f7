package embedded

import (
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// nginx lays the names that it looks up into hash tables whose buckets have a size of their own; a name that does not fit
// is an error, and names that crowd are a warning (ngx_hash_init in src/core/ngx_hash.c).

const (
	cacheLine = 64 // bytes, of the machines that nginx is packaged for
	wordSize  = 8  // bytes
)

// hashSizes are the values of two directives, after the second was rounded up.
type hashSizes struct{ max, bucket int }

func align(n, to int) int { return (n + to - 1) / to * to }

// hashSizes reads name_max_size and name_bucket_size.
func (l *level) hashSizes(name string, max int) hashSizes {
	s := hashSizes{max, cacheLine}
	if d := l.find(name + "_max_size"); d != nil {
		s.max, _ = atoi(d[0].Args[0])
	}
	if d := l.find(name + "_bucket_size"); d != nil {
		s.bucket, _ = atoi(d[0].Args[0])
		s.bucket = align(s.bucket, cacheLine)
	}
	return s
}

// hash judges whether keys fit into a table.
func (c *compiler) hash(name string, s hashSizes, keys []string) error {
	wrong := func(text string) error { return &nginxconf.Error{Text: "could not build " + name + ", " + text} }
	switch {
	case s.max == 0:
		return wrong("you should increase " + name + "_max_size: 0")
	case s.bucket > 65536-cacheLine:
		return wrong("too large " + name + "_bucket_size: " + itoa(s.bucket))
	}
	for _, key := range keys {
		if s.bucket < elementSize(key)+wordSize {
			return wrong("you should increase " + name + "_bucket_size: " + itoa(s.bucket))
		}
	}
	if !s.hold(keys) {
		c.warn("could not build optimal " + name + ", you should increase either " + name + "_max_size: " + itoa(s.max) + " or " +
			name + "_bucket_size: " + itoa(s.bucket) + "; ignoring " + name + "_bucket_size")
	}
	return nil
}

func elementSize(key string) int { return wordSize + align(len(key)+2, wordSize) }

// hold tells whether there is a number of buckets into which all keys fit.
func (s hashSizes) hold(keys []string) bool {
	room := s.bucket - wordSize
	first := max(1, len(keys)/(room/(2*wordSize)))
	if s.max > 10000 && len(keys) > 0 && s.max/len(keys) < 100 {
		first = s.max - 1000
	}
	sums := make([]uint64, len(keys))
	for i, key := range keys {
		for j := range len(key) {
			sums[i] = sums[i]*31 + uint64(key[j])
		}
	}
	const mostTries = 4096 // enough for every table of a lesson; a larger one is taken for large enough
	for size := first; size <= s.max; size++ {
		if size-first > mostTries || s.fits(keys, sums, room, size) {
			return true
		}
	}
	return false
}

func (s hashSizes) fits(keys []string, sums []uint64, room, size int) bool {
	used := map[uint64]int{}
	for i, key := range keys {
		bucket := sums[i] % uint64(size)
		if used[bucket] += elementSize(key); used[bucket] > room {
			return false
		}
	}
	return true
}

// mapHash judges a map's keys. The first map settles both sizes: they cannot be given after it.
func (c *compiler) mapHash(l *level, d nginxconf.Directive, m *mapping) error {
	sizes := l.hashSizes("map_hash", 2048)
	for name, value := range map[string]int{"map_hash_max_size": sizes.max, "map_hash_bucket_size": sizes.bucket} {
		if l.set[name] == nil {
			l.set[name] = []nginxconf.Directive{{Name: name, Args: []string{itoa(value)}, File: d.File, Line: d.Line}}
		}
	}
	if len(m.exact) == 0 {
		return nil
	}
	keys := make([]string, 0, len(m.exact))
	for key := range m.exact {
		keys = append(keys, key)
	}
	return c.hash("map_hash", sizes, keys)
}

// serverHash judges the names of the servers at each address, where there is more than one server.
func (c *compiler) serverHash() error {
	for _, l := range c.conf.listens {
		if len(l.servers) < 2 && !l.standard.captures() {
			continue
		}
		seen := map[string]bool{}
		var keys []string
		add := func(name string) {
			if !seen[name] {
				seen[name] = true
				keys = append(keys, name)
			}
		}
		for _, s := range l.servers {
			if len(s.names) == 0 {
				add("")
			}
			for _, n := range s.names {
				if n.expr == nil && !strings.Contains(n.name, "*") {
					add(strings.TrimPrefix(n.name, "."))
				}
			}
		}
		if err := c.hash("server_names_hash", c.http.hashSizes("server_names_hash", 512), keys); err != nil {
			return err
		}
	}
	return nil
}

// captures tells whether a server has a name by an expression.
func (s *server) captures() bool {
	for _, n := range s.names {
		if n.expr != nil {
			return true
		}
	}
	return false
}

// headerHash judges the names of proxy_set_header, or of the headers that are not passed on.
func (c *compiler) headerHash(l *level, names []string) error {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = strings.ToLower(name)
	}
	return c.hash("proxy_headers_hash", l.hashSizes("proxy_headers_hash", 512), keys)
}

// variableHash judges the variables that the configuration defines; nginx's own fit.
func (c *compiler) variableHash() error {
	sizes := c.http.hashSizes("variables_hash", 1024)
	for name := range c.defined {
		if sizes.bucket < elementSize(name)+wordSize {
			return &nginxconf.Error{Text: "could not build variables_hash, you should increase variables_hash_bucket_size: " +
				itoa(sizes.bucket)}
		}
	}
	return nil
}
