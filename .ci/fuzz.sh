#!/bin/sh
# Runs every fuzz target of the repository for FUZZTIME (30s by default), one after the other, and prints a line for each:
# how many inputs were tried, and whether all were survived. ONLY is a pattern for the targets' names. An input that
# fails is kept under testdata/fuzz of its package and printed.
set -u
FUZZTIME=${FUZZTIME:-30s} ONLY=${ONLY:-.}
log=$(mktemp)
trap 'rm -f "$log"' EXIT INT TERM
failed=0 tried=0
for package in $(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./...); do
	for target in $(grep -ho '^func Fuzz[A-Za-z0-9_]*' "$package"/*_test.go 2>/dev/null | cut -d' ' -f2 | grep -E -e "$ONLY"); do
		tried=$((tried + 1))
		if go test -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 5x "$package" >"$log" 2>&1; then
			verdict=survived
		else
			verdict=FAILED failed=1
		fi
		execs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$log" | tail -1)
		printf '%-40s %-24s %10s inputs in %s  %s\n' "${package#"$PWD"/}" "$target" "${execs:-0}" "$FUZZTIME" "$verdict"
		[ "$verdict" = survived ] || cat "$log"
	done
done
[ "$tried" -gt 0 ] || { echo "no fuzz target matches $ONLY" >&2; exit 1; }
exit $failed
