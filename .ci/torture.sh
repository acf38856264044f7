#!/bin/sh
# Runs the harnesses in their long form, prints what they tried, and fails on any loss. SEED chooses the moments.
# SOAK is how long the soak lasts, 15m by default; ONLY is a pattern for the names of the harnesses.
set -u
SEED=${SEED:-1} ONLY=${ONLY:-}
table=$(mktemp) logs=$(mktemp -d)
trap 'rm -rf "$table" "$logs"' EXIT INT TERM
export LAB_TORTURE=1 LAB_SEED="$SEED" LAB_SOAK="${SOAK:-15m}" LAB_TORTURE_TABLE="$table"
echo "seed $SEED; this takes about half an hour"
failed=0
harness() { # package, tests
	name=$(echo "$2" | tr '|' '\n' | grep -E -e "$ONLY" | paste -sd '|' -)
	[ -n "$name" ] || return 0
	log=$logs/$(echo "$name" | tr -c 'A-Za-z\n' -)
	go test -race -count=1 -timeout 90m -run "^($name)\$" "$1" >"$log" 2>&1 || { grep -v '^=== ' "$log"; return 1; }
}
harness ./internal/journal 'TestKilledWriterLosesNothingAcknowledged|TestManyProcessesLoseAndDoubleNothing' || failed=1
harness ./cmd/lab TestSoak & # beside the others: it mostly waits
soak=$!
harness ./cmd/lab TestKillLeavesNothing || failed=1
harness ./cmd/lab 'TestManyAtOnce|TestManyBuildOnce' || failed=1
harness ./internal/docker TestFaults || failed=1
wait $soak || failed=1
awk -F'\t' '
	BEGIN { printf "%-32s %6s %9s %5s %5s\n", "harness", "tried", "survived", "lost", "left" }
	{ printf "%-32s %6d %9d %5d %5d  %s\n", $1, $2, $3, $4, $5, $6; lost += $4 + $5 }
	END { exit lost > 0 }' "$table" || failed=1
exit $failed
