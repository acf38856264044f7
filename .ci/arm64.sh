#!/bin/sh
# Builds the images of the labs for linux/arm64 and runs lab 03 on them, under emulation, on a Docker engine of its own:
# another data folder, socket and network namespace, so that the machine's engine and its images are left alone.
# Everything is removed at the end, also after Ctrl-C. It needs root, Docker's dockerd, and the packages qemu-user-static,
# binfmt-support, slirp4netns and mmdebstrap, which it installs with apt-get where they are missing.
#
#   arm64.sh [LESSON…]   the Dockerfiles of these lessons (03 07), or all, the template's too; then lab 03 as a student has it
#
# What this cannot show, because the processor and the kernel are not arm64's: timing and speed, memory pages of 16 or
# 64 KiB, memory ordering, seccomp's filter for arm64, and an engine that says arm64 itself (images are marked with the
# engine's architecture, which is this machine's; that the programs in them are arm64's is checked).
set -eu
cd "$(dirname "$0")/.."

say() { echo "arm64: $*"; }
fail() {
	echo "arm64: $*" >&2
	exit 3
}

if [ "$(uname -m)" = aarch64 ]; then
	say "this machine is arm64: \`make course\` proves it without emulation"
	exit 0
fi
[ "$(id -u)" = 0 ] || fail "this needs root, for an engine and an emulator of its own"
command -v dockerd >/dev/null || fail "dockerd is not installed"

need=
[ -x /usr/bin/qemu-aarch64-static ] || need="$need qemu-user-static"
command -v update-binfmts >/dev/null || need="$need binfmt-support"
command -v slirp4netns >/dev/null || need="$need slirp4netns"
command -v mmdebstrap >/dev/null || need="$need arch-test mmdebstrap"
# shellcheck disable=SC2086 # words on purpose
[ -z "$need" ] || { apt-get update -q && apt-get install -qy --no-install-recommends $need; } >/dev/null ||
	fail "could not be installed:$need"

work=$(mktemp -d /var/tmp/lab-arm64.XXXXXX)
binfmt=/proc/sys/fs/binfmt_misc
mounted='' enabled='' engine='' net='' slirp=''

clean() {
	status=$?
	trap - EXIT INT TERM HUP
	[ -z "${job:-}" ] || kill "$job" 2>/dev/null || true
	for pid in $engine $slirp $net; do kill "$pid" 2>/dev/null || true; done
	for pid in $engine $slirp $net; do wait "$pid" 2>/dev/null || true; done
	# What the engine's containerd had mounted, deepest first.
	awk -v w="$work" 'index($2, w) == 1 { print $2 }' /proc/mounts | sort -r | while read -r m; do umount "$m" || true; done
	rm -rf "$work"
	[ -z "$enabled" ] || update-binfmts --disable qemu-aarch64 || true
	[ -z "$mounted" ] || umount $binfmt || true
	say "removed the engine and its $work"
	exit $status
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

emulate() {
	[ -e $binfmt/register ] || { mount -t binfmt_misc binfmt_misc $binfmt && mounted=yes; }
	[ -e $binfmt/qemu-aarch64 ] || { update-binfmts --enable qemu-aarch64 && enabled=yes; }
	grep -q '^flags:.*F' $binfmt/qemu-aarch64 || fail "the emulator is not kept open by the kernel (flag F)"
}

# An engine in a network namespace: two engines in one would rewrite each other's packet filter. slirp4netns is its way
# out, for the builds' packages.
start_engine() {
	unshare --net sleep infinity &
	net=$!
	while [ "$(readlink /proc/$net/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
	inside ip link set lo up
	slirp4netns --configure --mtu=1400 --disable-host-loopback "$net" tap0 >"$work/slirp.log" 2>&1 &
	slirp=$!
	inside sh -c 'for i in $(seq 50); do ip route | grep -q ^default && exit; sleep 0.1; done; exit 1' ||
		fail "no network for the engine: $(cat "$work/slirp.log")"
	echo '{"mtu": 1400}' >"$work/daemon.json"
	export DOCKER_HOST="unix://$work/docker.sock" DOCKER_BUILDKIT=0
	unset DOCKER_CONTEXT || true
	nsenter --net=/proc/$net/ns/net dockerd --config-file "$work/daemon.json" --data-root "$work/data" \
		--exec-root "$work/exec" --pidfile "$work/docker.pid" --host "$DOCKER_HOST" >"$work/dockerd.log" 2>&1 &
	engine=$!
	for _ in $(seq 100); do
		docker version >/dev/null 2>&1 && return
		kill -0 $engine 2>/dev/null || break
		sleep 0.2
	done
	tail -5 "$work/dockerd.log" >&2
	fail "the engine did not start"
}

inside() { nsenter --net=/proc/$net/ns/net "$@"; }

# machine_of FILE: the processor that a program is for, by its ELF header.
machine_of() {
	case $(od -An -j18 -N2 -tu2 "$1" | tr -d ' ') in
	183) echo arm64 ;;
	62) echo amd64 ;;
	*) echo other ;;
	esac
}

# check_image IMAGE: every program and library in it that has an ELF header is arm64's.
check_image() {
	id=$(docker create "$1")
	mkdir "$work/image"
	docker export "$id" | tar -C "$work/image" -xf - --exclude='dev/*'
	docker rm "$id" >/dev/null
	n=0
	for f in $(find "$work/image" -type f -size +3k -exec sh -c 'head -c4 "$1" | grep -q ELF && echo "$1"' _ {} \;); do
		[ "$(machine_of "$f")" = arm64 ] || fail "$1: ${f#"$work/image"} is not for arm64"
		n=$((n + 1))
	done
	rm -rf "$work/image"
	[ $n -gt 0 ] || fail "$1: no program is in it"
	say "$1: $n programs and libraries, all arm64"
}

# foreground COMMAND: a signal ends it at once, and not when it is over.
foreground() {
	"$@" &
	job=$!
	wait $job
}

began=$(date +%s) n_built=0 job=
emulate
start_engine
say "engine $(docker version --format '{{.Server.Version}}') of its own, emulator $(qemu-aarch64-static --version | head -1)"
LAB_ARCH=arm64 sh labs/base-image.sh debian
LAB_ARCH=arm64 sh labs/base-image.sh caddy
say "$(docker run --rm debian:trixie-slim uname -sm), Debian $(docker run --rm debian:trixie-slim cat /etc/debian_version)"

# Every Dockerfile, on the engine's cache: what several begin with is installed once, which emulated takes ten minutes.
for file in labs/*/*/Dockerfile internal/docker/*/Dockerfile; do
	dir=${file%/Dockerfile}
	case " ${*:-all} " in *" all "* | *" $(echo "$dir" | cut -c6-7) "*) ;; *) continue ;; esac
	image=arm64-test/$(echo "$dir" | sed 's,^[a-z]*/,,' | tr A-Z/ a-z-)
	foreground docker build -q -t "$image" "$dir" >/dev/null || fail "$file does not build"
	check_image "$image"
	n_built=$((n_built + 1))
done

# And as a student has it: lab builds what it needs, and runs.
CGO_ENABLED=0 go build -o "$work/lab" ./cmd/lab
export LAB_HOME="$work/home" XDG_CACHE_HOME="$work/cache" LAB_LANG=en
foreground inside "$work/lab" run 03 --engine docker
docker images --format '{{.Repository}}:{{.Tag}}' | grep ^lab/ | sort >"$work/images"
while read -r image; do check_image "$image"; done <"$work/images"
say "$n_built Dockerfiles built, and lab 03 built its images and passed, in $(($(date +%s) - began)) s"
