#!/bin/sh
# Runs inside the emulated machine, as its checks.service: sees to it that Docker is there, and runs the checks. What they find is
# written to /out, which the host reads.
set -u
echo "guest: kernel $(uname -r), $(stat -fc %T /sys/fs/cgroup), docker $(docker version --format '{{.Server.Version}}' 2>&1)"
# Rootless engines connect containers by way of the host's interface, and want one that leads somewhere: this one leads nowhere.
ip link add uplink type dummy && ip address add 192.0.2.2/24 dev uplink && ip link set uplink up && ip route add default via 192.0.2.1
cp /out/node /usr/local/bin/node
/usr/local/bin/node /checkout/.cache/v2/checks/test/vm/checks.js /checkout /out/result.json $(cat /out/arguments)
