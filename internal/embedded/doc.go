// Package embedded is the engine without containers: it runs a lab's services inside this process, on loopback ports,
// with nothing installed. Package nginxconf reads the student's own nginx configuration, nginx.go and what it calls
// serve it the way nginx 1.26.3 does, and fastapi.go answers like the lab's backend. It is called what it is: a stand-in.
//
// What it does is what the reverse-proxy lesson teaches and what its students try: servers, locations and their
// precedence, maps, upstreams, proxy_pass with and without a path, proxy_set_header and its inheritance, hop-by-hop
// headers, upgrades, all timeouts of proxying, return and rewrite, nginx -t in nginx's own words, the error and access
// log, and reloads after which old connections keep their old configuration. testdata/differential and testdata/wire hold
// the cases in which it was found to be the same as real nginx with real FastAPI; a test compares them anew wherever Docker
// is.
//
// What it does not do: TLS, HTTP/2 and HTTP/3, files (every path that is not proxied is a 404, as in the lab's image),
// caching, compression of answers, collecting bodies in buffers (they are passed on as they come), error_page, subrequests,
// limits of rates and connections, anything beyond one worker's behaviour. A directive, parameter or variable that nginx
// has and the stand-in has not is refused by name with advice to use Docker, once nothing that nginx itself would complain
// of was found. It never ignores one, except for those in slots.go and quiet.go that tune
// what cannot be seen from outside.
//
// What others wrote costs a bounded amount: variables that refer to each other (nginx's 100), texts that grow, redirections
// (nginx's 10), included files, nested blocks, expressions that backtrack. A panic ends the environment with a report in
// its Cause, and never the program: see faults.
//
// The network is loopback only. Ports in listen are those that Addr is asked for; the kernel chooses the real ones, so
// port 80 works for everybody. $remote_addr is 127.0.0.1, addresses of services are made up (172.31.255.0/24), and all
// other addresses answer nothing, as in the lab's network.
package embedded
