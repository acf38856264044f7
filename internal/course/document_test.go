package course_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cwk-stream/lab/internal/course"
)

// changed loads the smallest lab with one text of a file replaced, and gives what is wrong with it.
func changed(t *testing.T, file, old, now string) (course.Lab, string) {
	t.Helper()
	fsys := files(archive(t, "testdata/good.txtar"), nil)
	if was := string(fsys[file].Data); old == "" {
		fsys[file].Data = []byte(was + now)
	} else if !strings.Contains(was, old) {
		t.Fatalf("no %q in %s", old, file)
	} else {
		fsys[file].Data = []byte(strings.Replace(was, old, now, 1))
	}
	lab, err := course.LoadLab(fsys, "lab", "")
	var problems course.Problems
	if err != nil && !errors.As(err, &problems) {
		t.Fatalf("got %v, want problems", err)
	}
	if err == nil {
		return lab, ""
	}
	return lab, err.Error()
}

// TestOneDocument wants nothing of a file to be in force that was not looked at: each has one YAML document, which all
// parsers read alike.
func TestOneDocument(t *testing.T) {
	const grant = "services:\n  backend:\n    cap_add: [SYS_ADMIN]\n"
	for _, tt := range []struct{ name, old, now, want string }{
		{"one, with its mark", "services:", "---\nservices:", ""},
		{"one, with comments before its mark", "services:", "# a\n\n---\nservices:", ""},
		{"a second one", "", "---\n" + grant, "lab/compose.yaml:12:1: a second YAML document begins here"},
		{"a second one with a comment", "", "--- # more\n" + grant, "lab/compose.yaml:12:1: a second YAML document begins here"},
		{"a second one on the line of the mark", "", "--- {services: {backend: {privileged: true}}}\n", "lab/compose.yaml:12:1: a second"},
		{"a second one that is empty", "", "---\n", "lab/compose.yaml:12:1: a second YAML document begins here"},
		{"an empty first one", "services:", "---\n---\nservices:", "lab/compose.yaml:2:1: a second YAML document begins here"},
		{"the end mark", "", "...\n" + grant, "lab/compose.yaml:12:1: a second YAML document begins here"},
		{"a directive", "services:", "%YAML 1.2\n---\nservices:", "lab/compose.yaml:2:1: a second"},
		{"a mark in a text", "    tmpfs: [/tmp]", "    command: [sh, -c, |\n      ---\n      ]", "lab/compose.yaml"},
		{"a line with dashes", "    tmpfs: [/tmp]", "    environment:\n      A: \"---\"", ""},
		{"a key twice", "", "volumes:\n  conf: {}\n", `mapping key "volumes" already defined`},
		{"a key twice, written otherwise", "    tmpfs: [/tmp]", "    user: \"1:1\"\n    \"user\": \"0:0\"", "already defined"},
		{"a tag of Compose's", "    tmpfs: [/tmp]", "    cap_add: !override [SYS_ADMIN]", "cap_add: SYS_ADMIN is not one of"},
		{"a tag of Compose's in a list", "    tmpfs: [/tmp]", "    cap_add: [!override SYS_ADMIN]", "lab/compose.yaml:5:15: YAML tags such as !override are not used here"},
		{"a tag of Compose's behind an anchor", "    tmpfs: [/tmp]", "    x-a: &a {cap_add: !override [CHOWN]}\n    <<: *a", "YAML tags such as !override are not used here"},
		{"a tag of Compose's in a merge", "    tmpfs: [/tmp]", "    <<: {cap_add: !reset [CHOWN]}", "YAML tags such as !reset are not used here"},
		{"another tag", "    tmpfs: [/tmp]", "    cap_add: !other [SYS_ADMIN]", "lab/compose.yaml:5:14: YAML tags such as !other are not used here"},
		{"a tag of YAML's own", "    mem_limit: 64m", "    mem_limit: !!int \"64\"", "YAML tags such as !!int are not used here"},
		{"extends", "    tmpfs: [/tmp]", "    extends: {service: backend}", "extends: a lab may not use this Compose key"},
		{"extends, merged in", "    tmpfs: [/tmp]", "    <<: {extends: {file: /etc/passwd, service: x}}", "extends: a lab may not use this Compose key"},
		{"capabilities, merged in", "    tmpfs: [/tmp]", "    <<: {cap_add: [SYS_ADMIN]}", "cap_add: SYS_ADMIN is not one of"},
		{"capabilities behind an anchor", "    tmpfs: [/tmp]", "    x-a: &a [SYS_ADMIN]\n    cap_add: *a", "cap_add: SYS_ADMIN is not one of"},
		{"a harmless anchor", "    tmpfs: [/tmp]", "    x-a: &a [CHOWN]\n    cap_add: *a", ""},
		{"an anchor in itself", "    tmpfs: [/tmp]", "    x-a: &a [*a]", "the alias *a stands for nothing that ended before it"},
		{"an anchor twice", "    tmpfs: [/tmp]", "    x-a: &a [CHOWN]\n    x-b: &a [SYS_ADMIN]\n    cap_add: *a", "the anchor &a is there twice"},
		{"an alias of nothing", "    tmpfs: [/tmp]", "    cap_add: *a", "the alias *a stands for nothing"},
		{"a number of another base", "    tmpfs: [/tmp]", "    pids_limit: 0x10", "0x10: write a number in decimal digits"},
		{"an octal number", "    tmpfs: [/tmp]", "    pids_limit: 010", "010: write a number in decimal digits"},
		{"a number with underscores", "    tmpfs: [/tmp]", "    pids_limit: 1_0", "1_0: write a number in decimal digits"},
		{"infinity", "    tmpfs: [/tmp]", "    pids_limit: .inf", ".inf is not a number that can be used here"},
		{"a key that is a number", "    tmpfs: [/tmp]", "    environment: {1: a}", "a key is a text: put 1 between quotation marks"},
		{"a key that is a list", "    tmpfs: [/tmp]", "    ? [a, b]\n    : c", "lab/compose.yaml"},
		{"a variable", "    tmpfs: [/tmp]", `    user: "${USER}"`, "variables are not filled in"},
		{"a variable with a default", "    tmpfs: [/tmp]", `    user: "${USER:-0}"`, "variables are not filled in"},
		{"a mark of byte order", "services:", "\ufeffservices:", ""},
		{"a mark of byte order within", "    tmpfs: [/tmp]", "    user: \"\ufeff0\"", "lab/compose.yaml:5:12: control character U+FEFF"},
		{"env_file", "    tmpfs: [/tmp]", "    env_file: [.env]", "env_file: a lab may not use this Compose key"},
		{"include", "services:", "include: [other.yaml]\nservices:", "include: a lab may not use this Compose key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, got := changed(t, "compose.yaml", tt.old, tt.now)
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
	for name, now := range map[string]string{"a second document": "---\nvariant: two\n", "a tag": "compose: !override [compose.yaml]\n"} {
		if _, got := changed(t, "lab.yaml", "", now); !strings.Contains(got, "lab/lab.yaml:11:") {
			t.Errorf("%s in lab.yaml: got %q", name, got)
		}
	}
}

// TestMergeKeys wants a key to win over a merged one, wherever it stands.
func TestMergeKeys(t *testing.T) {
	for _, step := range []string{"<<: {id: merged, xp: 7}\n    id: one", "id: one\n    <<: {id: merged, xp: 7}", "id: one\n    <<: [{xp: 7}, {id: merged, xp: 8}]"} {
		lab, got := changed(t, "lab.yaml", "id: one", step)
		if got != "" || lab.Steps[0].ID != "one" || lab.Steps[0].XP != 7 {
			t.Errorf("%s: got %s %+v", step, got, lab.Steps)
		}
	}
}

// TestMergedServices wants the services of all Compose files together to be counted and looked at.
func TestMergedServices(t *testing.T) {
	fsys := files(archive(t, "testdata/good.txtar"), nil)
	fsys["lab.yaml"].Data = []byte(strings.Replace(string(fsys["lab.yaml"].Data), "engines:", "compose: [compose.yaml, more.yaml]\nengines:", 1))
	for _, tt := range []struct{ name, more, want string }{
		{"a limit", "services: {backend: {mem_limit: 32m}}", ""},
		{"a capability", "services: {backend: {cap_add: [SYS_ADMIN]}}", "lab/more.yaml:1:32: cap_add: SYS_ADMIN is not one of"},
		{"many services", "services:\n" + strings.Repeat("  s%d: {image: \"a:1\"}\n", 12), "a lab has at most 12 services, not 13"},
		{"no services", "services: []", "lab/more.yaml"},
		{"a second file of the same", "services: {backend: {volumes: [\"conf:/conf\", \"conf:/other\"]}}", ""},
		{"a list instead of another", "services: {backend: {tmpfs: !override [/var]}}", ""},
		{"a list taken away", "services: {backend: {tmpfs: !reset []}}", ""},
		{"what Compose refuses, with its place", "services: {backend: {init: 7}}", "lab/more.yaml:1:28: "},
	} {
		more := tt.more
		for i := range strings.Count(more, "%d") {
			more = strings.Replace(more, "%d", fmt.Sprint(i), 1)
		}
		fsys["more.yaml"] = fsys["compose.yaml"]
		copied := *fsys["compose.yaml"]
		copied.Data = []byte(more + "\n")
		fsys["more.yaml"] = &copied
		lab, err := course.LoadLab(fsys, "lab", "")
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		case tt.name == "a limit" && lab.Env.Services[0].Memory != 32<<20:
			t.Errorf("got %d bytes, want those of the last file", lab.Env.Services[0].Memory)
		case tt.name == "a list instead of another" && !slices.Equal(lab.Env.Services[0].Tmpfs, []string{"/var"}),
			tt.name == "a list taken away" && len(lab.Env.Services[0].Tmpfs) != 0:
			t.Errorf("%s: got %v", tt.name, lab.Env.Services[0].Tmpfs)
		}
	}
}

// TestLimits wants limits to be numbers within bounds, whatever they are written as.
func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		line string
		want int64 // bytes or processes; 0: it is refused in its line
	}{
		{"mem_limit: 64m", 64 << 20},
		{"mem_limit: 64M", 64 << 20},
		{"mem_limit: 64mb", 64 << 20},
		{`mem_limit: "64 m"`, 64 << 20},
		{"mem_limit: 1g", 1 << 30},
		{"mem_limit: 10000000", 10_000_000},
		{`mem_limit: "10000000"`, 10_000_000},
		{"mem_limit: 65536k", 64 << 20},
		{"mem_limit: 10000000b", 10_000_000},
		{"mem_limit: -1", 0},
		{`mem_limit: "-1"`, 0},
		{"mem_limit: -64m", 0},
		{"mem_limit: 0", 0},
		{"mem_limit: 1m", 0},
		{"mem_limit: 1025m", 0},
		{"mem_limit: 9000000000g", 0},
		{"mem_limit: 9223372036854775807", 0},
		{"mem_limit: 9223372036854775808", 0},
		{"mem_limit: 18446744073709551616", 0},
		{"mem_limit: 18446744073776660480", 0},
		{"mem_limit: 17179869184g", 0},
		{"mem_limit: " + strings.Repeat("9", 400), 0},
		{"mem_limit: 1e30", 0},
		{"mem_limit: 1e8", 0},
		{"mem_limit: 0x4000000", 0},
		{`mem_limit: "0x4000000"`, 0},
		{"mem_limit: 0.5g", 0},
		{"mem_limit: 64m 64m", 0},
		{"mem_limit: lots", 0},
		{"mem_limit: .nan", 0},
		{"mem_limit: true", 0},
		{"mem_limit:", 0},
		{"mem_limit: [64m]", 0},
		{"mem_limit: 64t", 0},
		{"pids_limit: 1", 1},
		{"pids_limit: 512", 512},
		{"pids_limit: 0", 0},
		{"pids_limit: -1", 0},
		{"pids_limit: 513", 0},
		{"pids_limit: 1.5", 0},
		{"pids_limit: 1e2", 0},
		{"pids_limit: 9223372036854775808", 0},
		{"pids_limit: 18446744073709551617", 0},
		{"pids_limit: many", 0},
		{`pids_limit: "64"`, 0},
		{"stop_grace_period: -1s", 0},
		{"stop_grace_period: 31s", 0},
		{"stop_grace_period: 9999999h", 0},
		{"stop_grace_period: 5", 0},
		{"memswap_limit: -1", 0},
		{"memswap_limit: 1g", 0},
		{"shm_size: 9000000000g", 0},
		{"shm_size: 64m", 0},
		{"cpus: 1000", 0},
		{"cpu_quota: -1", 0},
		{"ulimits: {nofile: -1}", 0},
		{"mem_reservation: 1m", 0},
		{"oom_kill_disable: true", 0},
		{"oom_score_adj: -1000", 0},
		{"deploy: {resources: {limits: {memory: 9000000000g}}}", 0},
		{"tmpfs: [\"/tmp:size=9000000000g\"]", 0},
		{"tmpfs: [\"/tmp:size=-1\"]", 0},
		{`ports: ["127.0.0.1::0"]`, 0},
		{`ports: ["127.0.0.1::65536"]`, 0},
		{`ports: ["127.0.0.1::8000-9000"]`, 0},
		{`ports: ["127.0.0.1::8000/udp"]`, 0},
		{`ports: ["127.0.0.1::-1"]`, 0},
	} {
		key, _, _ := strings.Cut(tt.line, ":")
		old := map[string]string{"mem_limit": "mem_limit: 64m", "ports": `ports: ["127.0.0.1::8000"]`, "tmpfs": "tmpfs: [/tmp]"}[key]
		line := 5
		switch {
		case old == "":
			old = "tmpfs: [/tmp]"
		case key == "mem_limit":
			line = 9
		case key == "ports":
			line = 4
		}
		lab, got := changed(t, "compose.yaml", old, tt.line)
		if tt.want == 0 {
			if place := fmt.Sprintf("lab/compose.yaml:%d:", line); !strings.Contains(got, place) {
				t.Errorf("%.60s: got %q, want it refused at %s", tt.line, got, place)
			}
			continue
		}
		if got != "" {
			t.Errorf("%s: %s", tt.line, got)
		} else if s := lab.Env.Services[0]; s.Memory != tt.want && s.Pids != tt.want {
			t.Errorf("%s: got %d bytes and %d processes, want %d", tt.line, s.Memory, s.Pids, tt.want)
		}
	}
}

// TestManyProblems wants a file full of mistakes to be refused at once, and a report that is no longer than one reads.
func TestManyProblems(t *testing.T) {
	var keys strings.Builder
	for i := range 3_000 {
		fmt.Fprintf(&keys, "    k%d: [a]\n", i)
	}
	lab := files(archive(t, "testdata/good.txtar"), nil)
	lab["compose.yaml"].Data = []byte(strings.Replace(string(lab["compose.yaml"].Data), "    tmpfs: [/tmp]\n", keys.String(), 1))
	refused(t, lab, []string{"lab/compose.yaml:5:5: k0: a lab may not use this Compose key"})
	_, err := course.LoadLab(lab, "lab", "")
	var problems course.Problems
	if errors.As(err, &problems); len(problems) > 100 {
		t.Errorf("got %d problems, want at most 100", len(problems))
	}
}
