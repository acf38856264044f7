package embedded

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// slot is a directive whose values can be judged by themselves, and that settings or nothing at all are made of.
type slot struct {
	once  bool // a second one on the same level "is duplicate"
	check func(nginxconf.Directive) error
}

// slots are the directives without a reader of their own. Those of the second group are accepted without effect: they tune what the stand-in does not
// have (processes, buffers, files, hash tables) and nobody can see on the wire.
var slots = map[string]slot{
	"default_type":                {true, nil},
	"server_tokens":               {true, enum("on", "off", "build")},
	"keepalive_timeout":           {true, keepaliveTimes},
	"keepalive_requests":          {true, number},
	"upstream.keepalive_timeout":  {true, msec},
	"upstream.keepalive_requests": {true, number},
	"upstream.keepalive_time":     {true, msec},
	"keepalive_time":              {true, msec},
	"chunked_transfer_encoding":   {true, flag},
	"proxy_busy_buffers_size":     {true, size},
	"large_client_header_buffers": {true, buffers},
	"client_header_buffer_size":   {true, size},
	"client_max_body_size":        {true, offset},
	"client_header_timeout":       {true, msec},
	"client_body_timeout":         {true, msec},
	"send_timeout":                {true, msec},
	"proxy_connect_timeout":       {true, msec},
	"proxy_read_timeout":          {true, msec},
	"proxy_send_timeout":          {true, msec},
	"proxy_http_version":          {true, enum("1.0", "1.1")},
	"proxy_set_header":            {false, nil},
	"proxy_pass_header":           {false, nil},
	"proxy_hide_header":           {false, nil},
	"proxy_buffer_size":           {true, size},
	"proxy_buffers":               {true, buffers},
	"worker_connections":          {true, number},
	"error_log":                   {false, errorLogLevel},

	"daemon":                         {true, flag},
	"pid":                            {true, nil},
	"worker_processes":               {true, workers},
	"pcre_jit":                       {true, flag},
	"multi_accept":                   {true, flag},
	"accept_mutex":                   {true, flag},
	"use":                            {true, enum("epoll", "poll", "select")},
	"sendfile":                       {true, flag},
	"tcp_nopush":                     {true, flag},
	"tcp_nodelay":                    {true, flag},
	"types_hash_max_size":            {true, number},
	"types_hash_bucket_size":         {true, number},
	"server_names_hash_max_size":     {true, number},
	"server_names_hash_bucket_size":  {true, number},
	"variables_hash_max_size":        {true, number},
	"variables_hash_bucket_size":     {true, number},
	"map_hash_max_size":              {true, number},
	"map_hash_bucket_size":           {true, number},
	"proxy_headers_hash_max_size":    {true, number},
	"proxy_headers_hash_bucket_size": {true, number},
	"client_body_temp_path":          {true, tempPath},
	"proxy_temp_path":                {true, tempPath},
	"fastcgi_temp_path":              {true, tempPath},
	"uwsgi_temp_path":                {true, tempPath},
	"scgi_temp_path":                 {true, tempPath},
	"proxy_buffering":                {true, flag},
	"proxy_request_buffering":        {true, flag},
	"proxy_socket_keepalive":         {true, flag},
	"reset_timedout_connection":      {true, flag},
}

func flag(d nginxconf.Directive) error {
	if v := strings.ToLower(d.Args[0]); v != "on" && v != "off" {
		return fail(d, `invalid value "`+d.Args[0]+`" in "`+d.Name+`" directive, it must be "on" or "off"`)
	}
	return nil
}

func enum(values ...string) func(nginxconf.Directive) error {
	return func(d nginxconf.Directive) error {
		if !slices.Contains(values, strings.ToLower(d.Args[0])) {
			return fail(d, `invalid value "`+d.Args[0]+`"`)
		}
		return nil
	}
}

func msec(d nginxconf.Directive) error {
	if _, err := nginxconf.ParseTime(d.Args[0]); err != nil {
		return say(d, "invalid value")
	}
	return nil
}

func keepaliveTimes(d nginxconf.Directive) error {
	if err := msec(d); err != nil {
		return err
	}
	if len(d.Args) == 2 {
		if _, err := nginxconf.ParseSeconds(d.Args[1]); err != nil {
			return say(d, "invalid value")
		}
	}
	return nil
}

func number(d nginxconf.Directive) error {
	if _, ok := atoi(d.Args[0]); !ok {
		return say(d, "invalid number")
	}
	return nil
}

func offset(d nginxconf.Directive) error {
	if _, err := nginxconf.ParseSize(d.Args[0]); err != nil {
		return say(d, "invalid value")
	}
	return nil
}

// bytes reads a size as ngx_parse_size does, which knows no gigabytes.
func bytes(text string) (int64, bool) {
	n, err := nginxconf.ParseSize(text)
	return n, err == nil && !strings.HasSuffix(strings.ToLower(text), "g")
}

func size(d nginxconf.Directive) error {
	if _, ok := bytes(d.Args[0]); !ok {
		return say(d, "invalid value")
	}
	return nil
}

func buffers(d nginxconf.Directive) error {
	n, ok := atoi(d.Args[0])
	each, ok2 := bytes(d.Args[1])
	if !ok || !ok2 || n == 0 || each == 0 {
		return say(d, "invalid value")
	}
	return nil
}

func workers(d nginxconf.Directive) error {
	if d.Args[0] == "auto" {
		return nil
	}
	if n, ok := atoi(d.Args[0]); !ok || n == 0 {
		return say(d, "invalid value")
	}
	return nil
}

// tempPath judges the levels of folders below the one for temporary files (ngx_conf_set_path_slot).
func tempPath(d nginxconf.Directive) error {
	length := 0
	for _, text := range d.Args[1:] {
		n, ok := atoi(text)
		if !ok || n == 0 {
			return say(d, "invalid value")
		}
		length += n + 1
	}
	if length > 10+len(d.Args)-1 {
		return say(d, "invalid value")
	}
	return nil
}

// atoi is nginx's ngx_atoi: digits only.
func atoi(s string) (int, bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// duration gives the value in force of a directive that is a time.
func (l *level) duration(name string, otherwise time.Duration) time.Duration {
	if found := l.find(name); found != nil {
		d, _ := nginxconf.ParseTime(found[0].Args[0])
		return d
	}
	return otherwise
}

// text gives the first parameter in force.
func (l *level) text(name, otherwise string) string {
	if found := l.find(name); found != nil {
		return found[0].Args[0]
	}
	return otherwise
}
