package course_test

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/labs"
)

// TestDockerfiles has what a lab's Dockerfile may do, and what it may not: reach the network of the machine, fetch what an
// address names, take files out of other images, be read by another program or in another way.
func TestDockerfiles(t *testing.T) {
	const sum = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for _, tt := range []struct{ name, text, want string }{
		{"the base", "FROM debian:trixie-slim\n", ""},
		{"the base by its digest", "FROM debian:trixie-slim" + sum + "\n", ""},
		{"the other base", "FROM caddy:2.11.9 AS caddy\nFROM scratch\nCOPY --from=caddy /usr/bin/caddy /srv/caddy\n", ""},
		{"an image of the course", "FROM lab/03-reverse-proxy-backend:0123456789ab\n", ""},
		{"stages", "FROM debian:trixie-slim AS one\nFROM one AS Two\nFROM scratch\nCOPY --from=0 /a /a\nCOPY --from=two --chown=1:1 /b /b\n", ""},
		{"a copy out of a base", "FROM scratch\nCOPY --from=debian:trixie-slim /bin/sh /bin/sh\n", ""},
		{"everything that is harmless", "ARG A=1\nFROM debian:trixie-slim\nARG B\nENV C=$B\nLABEL d=e\nMAINTAINER f\nWORKDIR /g\nUSER 1\nEXPOSE 1\n" +
			"SHELL [\"/bin/sh\", \"-c\"]\nSTOPSIGNAL SIGTERM\nHEALTHCHECK --interval=1s CMD true\nCMD [\"h\"]\nENTRYPOINT [\"i\"]\n", ""},
		{"continuation lines", "FROM \\\n  debian:trixie-slim\nRUN a \\\n # a comment\n && b \\\n && c\n", ""},
		{"words that only look like it", "FROM debian:trixie-slim\nRUN echo FROM busybox --network=host --mount=type=ssh ADD http://x/\nENV U=http://127.0.0.1/\n", ""},
		{"local files added", "FROM scratch\nADD Dockerfile /a\nADD [\"Docker*\", \"/b\"]\n", ""},

		{"an address", "FROM scratch\nADD http://127.0.0.1/secret /a\n", "2:1: ADD: "},
		{"an address in capitals", "from scratch\nadd HTTPS://x/ /a\n", "2:1: ADD: "},
		{"an address in a list", "FROM scratch\nADD [\"Dockerfile\", \"http://x/\", \"/a\"]\n", "2:1: ADD: "},
		{"an address over two lines", "FROM scratch\nADD ht\\\ntp://x/ /a\n", "2:1: ADD: "},
		{"an address in quotes", "FROM scratch\nADD ht\"tp:\"//x/ /a\n", "2:1: ADD: "},
		{"an address out of a variable", "ARG U=http://x/\nFROM scratch\nARG U\nADD $U /a\n", "4:1: ADD: "},
		{"git", "FROM scratch\nADD git@example.com:a/b.git /a\n", "2:1: ADD: "},
		{"git by its protocol", "FROM scratch\nADD git://x/y /a\n", "2:1: ADD: "},
		{"a file that is not there", "FROM scratch\nADD nothing /a\n", `2:1: ADD: "nothing" is not in the build's folder`},
		{"a checksum of what is fetched", "FROM scratch\nADD --checksum=sha256:00 Dockerfile /a\n", "2:1: a lab's build may not use ADD --checksum"},
		{"a folder above", "FROM scratch\nCOPY ../../etc/passwd /a\n", "2:1: COPY: "},
		{"a folder above, in a list", "FROM scratch\nCOPY [\"a/../../b\", \"/a\"]\n", "2:1: COPY: "},
		{"a folder above, in quotes", "FROM scratch\nCOPY \".\"./b /a\n", "2:1: COPY: "},
		{"nothing to copy", "FROM scratch\nCOPY /a\n", "2:1: COPY needs what to copy"},

		{"another image", "FROM busybox\n", `1:1: FROM: "busybox" is neither a stage before`},
		{"another image over two lines", "FROM \\\nbusybox:1\n", `1:1: FROM: "busybox:1" is neither`},
		{"a base of another version", "FROM debian:sid\n", "1:1: FROM: "},
		{"a base of elsewhere", "FROM registry.example.com/debian:trixie-slim\n", "1:1: FROM: "},
		{"a digest that is none", "FROM debian:trixie-slim@sha256:00\n", "1:1: FROM: "},
		{"an image out of a variable", "ARG X=busybox\nFROM $X\n", `2:1: FROM: "$X" is known only when it is built`},
		{"an image partly out of a variable", "ARG X=-slim\nFROM debian:trixie${X}\n", "2:1: FROM: "},
		{"a platform out of a variable", "FROM --platform=$BUILDPLATFORM debian:trixie-slim\n", "1:1: a lab's build may not use FROM --platform"},
		{"a private image of the machine", "FROM lab/secret:1\n", "1:1: FROM: "},
		{"files of another image", "FROM scratch\nCOPY --from=postgres:17 / /\n", `2:1: COPY --from: "postgres:17" is neither`},
		{"files of a later stage", "FROM scratch\nCOPY --from=two / /\nFROM scratch AS two\n", "2:1: COPY --from: "},
		{"files of its own stage", "FROM scratch AS one\nCOPY --from=one / /\n", "2:1: COPY --from: "},
		{"files of a stage by a number too high", "FROM scratch\nFROM scratch\nCOPY --from=1 / /\n", "3:1: COPY --from: "},
		{"files of a stage by a strange number", "FROM scratch\nFROM scratch\nCOPY --from=+0 / /\n", "3:1: COPY --from: "},
		{"files out of a variable", "FROM scratch\nARG X=postgres\nCOPY --from=$X / /\n", "3:1: a lab's build may not use COPY --from=$X"},
		{"files of two images", "FROM scratch AS a\nFROM scratch\nCOPY --from=a --from=postgres:17 / /\n", "3:1: "},
		{"a stage that is called as a base", "FROM debian:trixie-slim AS Debian:trixie-slim\n", "1:1: FROM: "},
		{"a word too many", "FROM scratch AS a b\n", "1:1: FROM needs an image"},

		{"the network of the machine", "FROM debian:trixie-slim\nRUN --network=host true\n", "2:1: a lab's build may not use RUN --network=host"},
		{"the same over two lines", "FROM debian:trixie-slim\nRUN --net\\\nwork=host true\n", "2:1: a lab's build may not use RUN --network=host"},
		{"the same behind a comment", "FROM debian:trixie-slim\nRUN \\\n# a comment\n  --network=host true\n", "2:1: a lab's build may not use RUN --network=host"},
		{"another network", "FROM debian:trixie-slim\nRUN --network=none true\n", "2:1: a lab's build may not use RUN --network=none"},
		{"no confinement", "FROM debian:trixie-slim\nrun --security=insecure true\n", "2:1: a lab's build may not use RUN --security"},
		{"keys", "FROM debian:trixie-slim\nRUN --mount=type=ssh true\n", "2:1: a lab's build may not use RUN --mount"},
		{"another image's files", "FROM debian:trixie-slim\nRUN --mount=from=postgres:17,target=/x true\n", "2:1: a lab's build may not use RUN --mount"},
		{"a cache that other builds fill", "FROM debian:trixie-slim\nRUN --mount=type=cache,target=/x true\n", "2:1: a lab's build may not use RUN --mount"},
		{"a device", "FROM debian:trixie-slim\nRUN --device=x true\n", "2:1: a lab's build may not use RUN --device"},
		{"what others build on", "FROM scratch\nONBUILD ADD http://x/ /a\n", "2:1: a lab's build may not use ONBUILD"},
		{"a volume that nobody counts", "FROM scratch\nVOLUME /x\n", "2:1: a lab's build may not use VOLUME"},
		{"an instruction that there is not", "FROM scratch\nFETCH x\n", "2:1: a lab's build may not use FETCH"},
		{"lab's own labels", "FROM scratch\nLABEL a=b \"lab.owner\"=c\n", "2:1: LABEL: "},

		{"another frontend", "# syntax=example.com/frontend\nFROM scratch\n", "1:1: a lab's build may not use # syntax="},
		{"another frontend, spaced out", "#   SYNTAX   = x\nFROM scratch\n", "1:1: a lab's build may not use # syntax="},
		{"another frontend, further down", "# a comment\n\n# syntax=x\nFROM scratch\n", "3:1: a lab's build may not use # syntax="},
		{"another frontend, as in C", "// syntax=x\nFROM scratch\n", "1:1: a lab's build may not use # syntax="},
		{"another escape", "# escape=`\nFROM debian:trixie-slim\nRUN --net`\nwork=host true\n", "1:1: a lab's build may not use # escape="},
		{"other checks", "# check=skip=all\nFROM scratch\n", "1:1: a lab's build may not use # check="},
		{"a here-document", "FROM debian:trixie-slim\nRUN <<EOF\nADD http://x/ /a\nEOF\n", "2:1: a lab's build may not use here-documents"},
		{"a here-document to copy", "FROM scratch\nCOPY <<EOF /a\nx\nEOF\n", "2:1: a lab's build may not use here-documents"},
		{"a here-document without end", "FROM debian:trixie-slim\nRUN <<EOF\n", "unterminated heredoc"},
		{"two backslashes", "FROM debian:trixie-slim\nRUN echo \\\\\nRUN --network=host true\n", "2:1: the instruction ends with"},
		{"nothing", "", "lab/backend/Dockerfile"},
		{"comments alone", "# nothing\n", "lab/backend/Dockerfile"},
		{"no image", "ARG A\n", "has no FROM"},
		{"too much", "FROM scratch\n" + strings.Repeat("ENV A=1\n", 200), "has more than 200 instructions"},
		{"too large", "FROM scratch\n#" + strings.Repeat("x", 64<<10), "is larger than 64 KiB"},
		{"others in others", "FROM scratch\n" + strings.Repeat("ONBUILD ", 7_000), "2:1: a lab's build may not use ONBUILD"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := files(archive(t, "testdata/good.txtar"), nil)
			fsys["backend/Dockerfile"].Data = []byte(tt.text)
			if tt.want != "" {
				refused(t, fsys, []string{tt.want})
			} else if _, err := course.LoadLab(fsys, "lab", ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPlainDockerfile wants what the engine is given to be what was read.
func TestPlainDockerfile(t *testing.T) {
	d, err := course.ParseDockerfile("Dockerfile", []byte("# a comment\nARG v\nfrom \\\n  a AS b\nRUN echo \\\n# FROM x\n  FROM c && \\\n  d\nFROM b\nCOPY --from=b [\"x y\", \"/z\"]\nCOPY --from=e / /\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := "ARG v\nfrom   a AS b\nLABEL k=v\nRUN echo   FROM c &&   d\nFROM b\nLABEL k=v\nCOPY --from=b [\"x y\", \"/z\"]\nCOPY --from=e / /\n"
	if diff := cmp.Diff(want, string(d.Text("k=v"))); diff != "" {
		t.Error(diff)
	}
	if got := d.Bases(); !slices.Equal(got, []course.Base{{Image: "a", Line: 3}, {Image: "e", Line: 11}}) {
		t.Errorf("bases: got %v", got)
	}
	if got := d.Runs(); len(got) != 1 || got[0] != "RUN echo   FROM c &&   d" {
		t.Errorf("runs: got %q", got)
	}
}

// TestOwnDockerfiles wants the course's Dockerfiles to mean the same in their plainest form.
func TestOwnDockerfiles(t *testing.T) {
	names, err := fs.Glob(labs.FS, "*/*/Dockerfile")
	if err != nil || len(names) < 15 {
		t.Fatalf("only %d Dockerfiles, %v", len(names), err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(labs.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := course.ParseDockerfile(path.Base(name), data)
		if err != nil {
			t.Fatal(err)
		}
		again, err := course.ParseDockerfile(path.Base(name), d.Text(""))
		if err != nil {
			t.Fatal(err)
		}
		for i := range again.Instructions {
			again.Instructions[i].Line = d.Instructions[i].Line
		}
		if diff := cmp.Diff(d, again, cmp.AllowUnexported(course.Instruction{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
