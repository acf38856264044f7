#!/bin/sh
# Runs every test, with the race detector, and builds for the other systems. Says in one line whether the Docker suites
# ran.
set -u
failed=0

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

# One package after the other: several use the engine, and measure real waits. The whole program's tests do little but
# wait, so that more of them go side by side than there are cores.
module=$(go list -m)
go test -race -timeout 25m -parallel 6 ./cmd/lab "$@" || failed=1
go list ./... | grep -v "^$module/cmd/lab\$" | xargs go test -race -p 1 -timeout 25m "$@" || failed=1
echo "Docker suites: $docker"
exit $failed
