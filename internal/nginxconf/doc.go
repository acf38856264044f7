// Package nginxconf reads nginx's configuration language as nginx 1.26 reads it: the grammar with its quotes, escapes,
// comments and includes, the errors in nginx's own words with file and line, nginx's units, the location that a request
// path ends up in, and the value of a directive that is in force there.
//
//	conf, err := nginxconf.ParseDump(stdoutOfNginxT)
//	value, where, found := nginxconf.Effective(conf.Tree, "/ws", "proxy_read_timeout")
//
// It knows the syntax and the names of nginx's directives, not what they do; it neither opens files nor sockets. Regular
// expressions are Go's (RE2), not PCRE's: look-around and back-references do not compile here.
package nginxconf
