#!/bin/sh
# Installs what the tests need and is not there: tmux (whole-program screens), minisign (to verify what we sign), and, where a Docker engine answers, the
# labs' base image. What cannot be had is left out: the tests then say so.
set -u

need=""
for program in tmux minisign; do command -v $program >/dev/null 2>&1 || need="$need $program"; done
docker_answers() { command -v docker >/dev/null 2>&1 && docker version >/dev/null 2>&1; }
if docker_answers && ! docker image inspect debian:trixie-slim >/dev/null 2>&1; then
	command -v mmdebstrap >/dev/null 2>&1 || need="$need mmdebstrap"
fi
if [ -n "$need" ] && command -v apt-get >/dev/null 2>&1; then
	sudo=""
	[ "$(id -u)" = 0 ] || sudo=sudo
	# shellcheck disable=SC2086 # words on purpose
	$sudo apt-get update -q >/dev/null && $sudo apt-get install -qy --no-install-recommends $need >/dev/null ||
		echo "prepare: not installed:$need" >&2
fi
if docker_answers && ! docker image inspect debian:trixie-slim >/dev/null 2>&1; then
	docker pull -q debian:trixie-slim >/dev/null 2>&1 || sh labs/base-image.sh ||
		echo "prepare: no base image; the Docker suites will be skipped" >&2
fi
if docker_answers && ! docker image inspect caddy:2.11.9 >/dev/null 2>&1; then
	docker pull -q caddy:2.11.9 >/dev/null 2>&1 || sh labs/base-image.sh caddy ||
		echo "prepare: no Caddy image; labs with Caddy cannot be started" >&2
fi
exit 0
