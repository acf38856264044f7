package report

import (
	"strings"
	"testing"
	"time"
)

// TestReadable: a body or a line of a log that programs wrote for programs is told in words; what is none of that stays.
func TestReadable(t *testing.T) {
	at := time.UnixMilli(1764522303123).Format("15:04:05.000")
	for _, test := range []struct{ text, want string }{
		{`{"error":"not a handshake","received":{"upgrade":null,"n":1.50,"ok":true},"tags":["a",""]}`,
			"error: not a handshake, received: (upgrade: —, n: 1.50, ok: true), tags: (a, “”)"},
		{`1764522303.123 *4 "GET /ws HTTP/1.1" 400`, at + ` *4 "GET /ws HTTP/1.1" 400`},
		{`{"level":"info","ts":1764522303.123,"msg":"handled request","status":101}`,
			"level: info, ts: " + at + ", msg: handled request, status: 101"},
		{`{"ts":"yesterday","time":5}`, "ts: yesterday, time: 5"},
		{`{"cut":"in the mid…`, `{"cut":"in the mid…`},
		{`{} and more`, `{} and more`},
		{`[debug] a line`, `[debug] a line`},
		{`2026/11/30 17:05:03 [info] 7#7: *4 closed`, `2026/11/30 17:05:03 [info] 7#7: *4 closed`},
		{"Upgrade: websocket", "Upgrade: websocket"},
		{strings.Repeat("[", 5000), strings.Repeat("[", 5000)},
		{strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50), strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50)},
	} {
		if got := readable(test.text); got != test.want {
			t.Errorf("%s: got %q, want %q", test.text, got, test.want)
		}
	}
}
