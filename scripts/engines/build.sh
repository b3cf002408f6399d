#!/usr/bin/env bash
# Usage: build.sh <folder> <release>. Makes there a folder with the Docker Engine of a Debian release and all that it needs below /usr.
# Takes root and debootstrap; a minute or two. Nothing outside the folder is changed, and no service is started.
set -euo pipefail
out=$1
release=$2
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
packages=docker.io,docker-cli,iptables,iproute2,kmod,procps,ca-certificates

rm -rf "$out"
mkdir -p "$out/etc/dpkg/dpkg.cfg.d"
# Manual pages and translations would only take room.
printf 'path-exclude=%s\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' >"$out/etc/dpkg/dpkg.cfg.d/small"
# A debootstrap that is older than the release has no script of its name; all of Debian's are one and the same.
script=/usr/share/debootstrap/scripts/$release
[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
debootstrap --variant=minbase --include="$packages" "$release" "$out" "$mirror" "$script"
rm -rf "$out"/var/cache/apt/* "$out"/var/lib/apt/lists/*
