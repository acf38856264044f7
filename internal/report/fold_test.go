package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// TestFold: words stay whole, paths too, wide letters count twice and break where they must, what is indented stays so.
func TestFold(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"short\n", "short\n"},
		{"Edit the file and save. Each save is checked.\n", "Edit the file and save.\nEach save is checked.\n"},
		{"    What it means: the proxy passes the header.\n", "    What it means: the\n      proxy passes the\n      header.\n"},
		{"see /home/student/lab/work/websocket.conf now\n", "see\n/home/student/lab/work/websocket.conf\nnow\n"},
		{"파일을 고친 뒤 check로 검사하세요. 힌트도 있습니다.\n", "파일을 고친 뒤 check로\n검사하세요. 힌트도\n있습니다.\n"},
		{"設定檔已經修改並且儲存所以現在開始檢查\n", "設定檔已經修改並且儲存所\n以現在開始檢查\n"},
		{"/home/student/lab/work/backups/20260101에 있습니다\n", "/home/student/lab/work/backups/20260101에\n있습니다\n"},
		{"see /home/student/lab/work/websocket.conf에서\n", "see\n/home/student/lab/work/websocket.conf에서\n"},
		{"* one item of a list with words in it\n", "* one item of a list with\n  words in it\n"},
		{"12. one item of a list with words\n", "12. one item of a list\n    with words\n"},
		{"check, read, edit, hint, solve, quit > ", "check, read, edit, hint,\nsolve, quit > "},
		{"one\n\ntwo  with   spaces kept inside it\n", "one\n\ntwo  with   spaces kept\ninside it\n"},
	} {
		var out bytes.Buffer
		n, err := Fold(&out, func() int { return 26 }).Write([]byte(test.text))
		if got := out.String(); got != test.want || n != len(test.text) || err != nil {
			t.Errorf("got:\n%s\nwant:\n%s(%d, %v)", got, test.want, n, err)
		}
	}
}

// TestFoldFollowsTheTerminal: a terminal may change its width at any time, and have none.
func TestFoldFollowsTheTerminal(t *testing.T) {
	const text = "“still there?” is what 그 연결로 보낸 메시지, 그리고 the answer\n"
	for width := range 200 {
		var out bytes.Buffer
		_, _ = Fold(&out, func() int { return width }).Write([]byte(text))
		for _, l := range strings.Split(out.String(), "\n") {
			if width > narrowest && ansi.StringWidth(l) >= width {
				t.Errorf("width %d: %q", width, l)
			}
		}
		if got := strings.Join(strings.Fields(out.String()), " "); got != strings.TrimSpace(text) {
			t.Errorf("width %d: got %q", width, got)
		}
	}
}

func TestFlow(t *testing.T) {
	got := Flow("# A title\n\nOne line\nand another.\n\n* first\n  goes on\n* second\n\n1. one\n2. two\n   more\n\n```sh\na \\\n  b\n```\n| a | b |\n|---|---|\ntext\n")
	want := "# A title\n\nOne line and another.\n\n* first goes on\n* second\n\n1. one\n2. two more\n\n```sh\na \\\n  b\n```\n| a | b |\n|---|---|\ntext\n"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
