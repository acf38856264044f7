#!/bin/sh
# Makes the images that labs are built from, for machines that reach no image registry: debian:trixie-slim out of
# Debian's own packages, and caddy:2.11.9 out of Caddy's Go module. It does nothing where an image is already there; with
# -f it makes it anew.
#
#   base-image.sh [-f] [debian|caddy]   debian, if neither is named
#
#   DEBIAN_MIRROR   where the packages come from (http://deb.debian.org/debian)
#   LAB_BASE_IMAGE  what to call the image of Debian (debian:trixie-slim)
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
	mmdebstrap --quiet --variant=minbase --architectures="$(dpkg --print-architecture)" $(slim) \
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
	mkdir -p "$root/usr/bin" "$root/etc/caddy" "$root/config/caddy" "$root/data/caddy" "$root/srv"
	GOBIN="$root/usr/bin" GOOS=linux CGO_ENABLED=0 go install -trimpath \
		-ldflags "-s -w -X github.com/caddyserver/caddy/v2.CustomVersion=v$caddy" \
		"github.com/caddyserver/caddy/v2/cmd/caddy@v$caddy"
	printf ':80 {\n\trespond "Caddy works"\n}\n' >"$root/etc/caddy/Caddyfile"
	tar -C "$root" --owner=0 --group=0 -c . |
		$engine import --change 'ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data' --change 'WORKDIR /srv' \
			--change 'CMD ["/usr/bin/caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]' \
			- "caddy:$caddy"
}

case ${1:-debian} in
debian) make_debian ;;
caddy) make_caddy ;;
*) fail "there is no image called $1" "say debian or caddy" ;;
esac
