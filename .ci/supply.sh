#!/bin/sh
# Looks at what the program is made of: modules as their checksums say, known vulnerabilities (where their database can
# be reached), and two builds from two folders that must be the same bytes.
set -u
failed=0
go mod verify || failed=1

vuln=golang.org/x/vuln/cmd/govulncheck@v1.1.4
if out=$(go run "$vuln" ./... 2>&1); then
	echo "govulncheck: no known vulnerability is reached"
elif echo "$out" | grep -q 'Vulnerability #'; then
	echo "$out"
	failed=1
else
	echo "govulncheck: not run, its database or itself cannot be reached: $(echo "$out" |
		grep -v -e '^go: downloading' -e '^exit status' | tail -1 | sed 's/ on [0-9.:]*: /: /')"
fi

one=$(mktemp -d) two=$(mktemp -d)
trap 'rm -rf "$one" "$two"' EXIT INT TERM
git ls-files -z | xargs -0 tar -cf - 2>/dev/null | tar -xf - -C "$two"
build() { CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=supply' -o "$one/$1" ./cmd/lab; }
build first && (cd "$two" && GOCACHE="$two/.cache" build second) || failed=1
if cmp -s "$one/first" "$one/second"; then
	echo "two builds: the same bytes, sha256 $(sha256sum "$one/first" | cut -d' ' -f1)"
else
	echo "two builds differ"
	failed=1
fi
exit $failed
