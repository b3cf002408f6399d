#!/bin/sh
# Usage: watcher.sh <folder>. Waits until the other end of its input is closed, which happens when the test ends it or when the
# test's process is gone for whatever reason; then ends every process whose command line names the folder, the containers of an
# engine that lived in it, and removes it.
set -u
dir=$1
cat >/dev/null

named() { # pids of processes whose command line names the folder, this one not
  for file in /proc/[0-9]*/cmdline; do
    pid=${file#/proc/}; pid=${pid%/cmdline}
    [ "$pid" != $$ ] && grep -qaF "$dir/" "$file" 2>/dev/null && echo "$pid"
  done
}

# An engine that still answers removes its containers itself.
for socket in "$dir/docker.sock" "$dir/run/docker.sock" "$dir/run/podman.sock"; do
  [ -S "$socket" ] || continue
  DOCKER_HOST="unix://$socket"; export DOCKER_HOST
  all=$(timeout 5 docker ps -aq 2>/dev/null) && [ -n "$all" ] && timeout 60 docker rm -f $all >/dev/null 2>&1
done
for signal in TERM KILL; do
  for pid in $(named); do kill -$signal "$pid" 2>/dev/null; done
  tries=0
  while [ -n "$(named)" ] && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
done
# What is left of an engine that was killed: its containers' processes, found by their cgroups.
for id in $(ls "$dir/data/containers" "$dir/data/overlay-containers" 2>/dev/null | grep -E '^[0-9a-f]{64}$'); do
  for procs in $(find /sys/fs/cgroup -path "*$id*" -name cgroup.procs 2>/dev/null); do
    for pid in $(cat "$procs" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
  done
  sleep 0.1
  find /sys/fs/cgroup -depth -type d -path "*$id*" -exec rmdir {} + 2>/dev/null
done
# What the server's own helper in the tests says must be done.
[ -f "$dir/cleanup" ] && sh "$dir/cleanup"
awk -v d="$dir/" 'index($2, d) == 1 { print $2 }' /proc/mounts | sort -r | while read -r at; do umount -l "$at"; done
# Something that is just ending may still write: then once more.
tries=0
until rm -rf "$dir" 2>/dev/null || [ $tries -ge 20 ]; do sleep 0.2; tries=$((tries + 1)); done
