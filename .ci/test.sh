#!/bin/sh
# Runs every test, with the race detector, and builds for the other systems. Says in one line whether the Docker suites
# ran. LAB_TIMES and LAB_SKIPS name files that get the seconds of each part and the skipped tests.
set -u
failed=0
gotestsum=gotest.tools/gotestsum@v1.13.0
log=$(mktemp)
trap 'rm -f "$log"' EXIT INT TERM

for target in windows/amd64 darwin/arm64 linux/arm64; do
	CGO_ENABLED=0 GOOS=${target%/*} GOARCH=${target#*/} go build -o /dev/null ./cmd/lab &&
		echo "builds for $target" || failed=1
done

if docker version >/dev/null 2>&1; then
	docker="ran on engine $(docker version --format '{{.Server.Version}}')"
elif [ -n "${LAB_REQUIRE_DOCKER:-}" ]; then
	echo "Docker suites: no engine answers, and LAB_REQUIRE_DOCKER is set" >&2
	exit 1
else
	docker="skipped, no engine answers"
fi

# part NAME MINUTES ARGUMENT...: runs tests, and notes how long they took of how many minutes, and what was skipped.
part() {
	name=$1 minutes=$2
	shift 2
	began=$(date +%s)
	go run $gotestsum --format pkgname --hide-summary=skipped --jsonfile "$log" -- -race -timeout 25m "$@" || failed=1
	took=$(($(date +%s) - began))
	echo "$name: $((took / 60)) min $((took % 60)) s of $minutes min"
	[ -z "${LAB_TIMES:-}" ] || echo "$name $took $minutes" >>"$LAB_TIMES"
	sed -n 's/.*"Action":"skip","Package":"\([^"]*\)","Test":"\([^"]*\)".*/\1 \2/p' "$log" >>"${LAB_SKIPS:-/dev/null}"
}

# The packages whose tests use a container engine. They measure real waits, so one goes after the other; the whole
# program's tests do little but wait, so that more of them go side by side than there are cores. The embedded engine is
# compared with recordings, and with the real software where there is an engine: mostly a wait, too.
module=$(go list -m)
engine="$module/cmd/lab $module/internal/docker $module/internal/session"
pattern=$(echo "$engine" | sed 's/ /$|^/g; s/^/^/; s/$/$/')
# shellcheck disable=SC2046,SC2086 # words on purpose
part unit 5 -p 2 $(go list ./... | grep -Ev "$pattern|/embedded\$") "$@"
part embedded 7 -p 1 ./internal/embedded "$@"
# shellcheck disable=SC2086 # words on purpose
part docker 15 -p 1 -parallel 6 $engine "$@"
# Where this machine emulates arm64, the images of lab 03 are built for it, too, and the lab is run: a quarter of an hour.
if [ -n "${LAB_ARM64:-}" ] && [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]; then
	sh .ci/arm64.sh 03 || failed=1
else
	echo "arm64 under emulation: not asked for (LAB_ARM64=1), or no emulator is registered"
fi
echo "Docker suites: $docker"
exit $failed
