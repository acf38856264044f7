#!/bin/sh
# Makes the images that labs are built from, for machines that reach no image registry: debian:trixie-slim out of
# Debian's own packages, and caddy:2.11.9 out of Caddy's Go module. It does nothing where an image is already there; with
# -f it makes it anew.
#
#   base-image.sh [-f] [debian|caddy]   debian, if neither is named
#
#   DEBIAN_MIRROR   where the packages come from (http://deb.debian.org/debian)
#   LAB_BASE_IMAGE  what to call the image of Debian (debian:trixie-slim)
#   LAB_ARCH        what the images are for, in Debian's words: amd64, arm64 (the engine's own architecture)
set -eu

base=${LAB_BASE_IMAGE:-debian:trixie-slim}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
caddy=2.11.9

fail() {
	echo "base-image: $1" >&2
	echo "hint: $2" >&2
	exit 3
}

engine=
for name in docker podman; do
	if command -v $name >/dev/null && $name info >/dev/null 2>&1; then engine=$name && break; fi
done
[ -n "$engine" ] || fail "no container engine answers" "start Docker or Podman; \`lab doctor\` says what is wrong"

# The architecture is the engine's, not this machine's: the engine may be in a virtual machine, or emulate another.
arch=${LAB_ARCH:-$($engine info --format '{{.Architecture}}' 2>/dev/null || $engine info --format '{{.Host.Arch}}')}
case $arch in
x86_64) arch=amd64 ;;
aarch64) arch=arm64 ;;
esac

force=
if [ "${1:-}" = -f ]; then force=yes && shift; fi

# there IMAGE: it is there, and is not to be made anew.
there() {
	[ -z "$force" ] && $engine image inspect "$1" >/dev/null 2>&1 && echo "$1 is already there"
}

# What the official slim image leaves out: documentation, manuals, translations.
slim() {
	for glob in doc/* man/* info/* locale/* groff/* lintian/* linda/*; do
		printf '%s\n' "--dpkgopt=path-exclude=/usr/share/$glob"
	done
}

make_debian() {
	there "$base" && return
	command -v mmdebstrap >/dev/null ||
		fail "mmdebstrap is not installed" "apt-get install mmdebstrap, or pull $base on a machine that can and \`docker save\` it"
	set -f
	mmdebstrap --quiet --variant=minbase --architectures="$arch" $(slim) \
		--dpkgopt=path-include=/usr/share/doc/*/copyright \
		--aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
		trixie - "$mirror" |
		$engine import --change 'CMD ["bash"]' - "$base"
	set +f
}

# Caddy where its official image has it, without that image's Alpine Linux. It takes three minutes on two cores.
make_caddy() {
	there "caddy:$caddy" && return
	command -v go >/dev/null ||
		fail "Go is not installed" "install it (https://go.dev/dl), or pull caddy:$caddy on a machine that can and \`docker save\` it"
	root=$(mktemp -d)
	trap 'rm -rf "$root"' EXIT
	mkdir -p "$root/module" "$root/image/usr/bin" "$root/image/etc/caddy" "$root/image/config/caddy" \
		"$root/image/data/caddy" "$root/image/srv"
	# A module of its own, as `go install` refuses another system's programs where GOBIN is set.
	(
		cd "$root/module" && export GOOS=linux GOARCH="$arch" CGO_ENABLED=0 GOFLAGS=-modcacherw GOWORK=off &&
			go mod init base-image && go get "github.com/caddyserver/caddy/v2/cmd/caddy@v$caddy" &&
			go build -trimpath -ldflags "-s -w -X github.com/caddyserver/caddy/v2.CustomVersion=v$caddy" \
				-o "$root/image/usr/bin/caddy" github.com/caddyserver/caddy/v2/cmd/caddy
	) >"$root/log" 2>&1 || { cat "$root/log" >&2 && fail "Caddy could not be built" "the lines above say why"; }
	printf ':80 {\n\trespond "Caddy works"\n}\n' >"$root/image/etc/caddy/Caddyfile"
	# macOS has BSD's tar, which says it otherwise and adds files of its own.
	owner='--owner=0 --group=0'
	case $(tar --version) in *bsdtar*) owner='--uid 0 --gid 0' ;; esac
	# shellcheck disable=SC2086 # words on purpose
	COPYFILE_DISABLE=1 tar $owner -C "$root/image" -c . |
		$engine import --change 'ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data' --change 'WORKDIR /srv' \
			--change 'CMD ["/usr/bin/caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]' \
			- "caddy:$caddy"
}

case ${1:-debian} in
debian) make_debian ;;
caddy) make_caddy ;;
*) fail "there is no image called $1" "say debian or caddy" ;;
esac
