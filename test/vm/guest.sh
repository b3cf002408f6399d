#!/bin/sh
# Runs inside the emulated machine, as its checks.service: sees to it that Docker is there, and runs the checks. What they find is
# written to /out, which the host reads.
set -u
echo "guest: kernel $(uname -r), $(stat -fc %T /sys/fs/cgroup), docker $(docker version --format '{{.Server.Version}}' 2>&1)"
cp /out/node /usr/local/bin/node
/usr/local/bin/node /checkout/.cache/v2/checks/vm/checks.js /checkout /out/result.json $(cat /out/parts)
