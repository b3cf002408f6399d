#!/usr/bin/env bash
# Usage: build.sh <folder> <release>. Builds there a machine of a Debian release with systemd (cgroup v2), a kernel, Docker, Podman,
# containerd with CNI's plugins as a node of Kubernetes has it, and a user without rights for rootless engines: disk.img, vmlinuz, initrd.
# Takes root, debootstrap and mke2fs; a few minutes. Nothing outside the folder is changed.
set -euo pipefail
out=$1
release=$2
root=$out/root
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
packages=(systemd-sysv dbus dbus-user-session libpam-systemd linux-image-amd64 initramfs-tools kmod
  docker.io containerd containernetworking-plugins podman crun runc netavark aardvark-dns slirp4netns
  rootlesskit uidmap iptables nftables busybox-static iproute2 procps tar libatomic1 libstdc++6)
# Newer releases have docker's command in a package of its own, and Podman connects users' containers by pasta.
[ "$release" = bookworm ] || packages+=(docker-cli passt)

rm -rf "$out"
mkdir -p "$root/etc/initramfs-tools/conf.d" "$root/etc/dpkg/dpkg.cfg.d" "$root/usr/sbin"
# Manual pages and translations would only make the image larger, and nobody needs it whole if the power fails meanwhile.
printf 'path-exclude=%s\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' >"$root/etc/dpkg/dpkg.cfg.d/small"
echo force-unsafe-io >>"$root/etc/dpkg/dpkg.cfg.d/small"
# The initial file system only has to reach the disk; emulated, unpacking all drivers takes longer than the boot.
printf 'MODULES=list\nCOMPRESS=lz4\n' >"$root/etc/initramfs-tools/conf.d/small"
printf '%s\n' virtio_pci virtio_blk ext4 >"$root/etc/initramfs-tools/modules"
# All releases after bookworm are made in the same way, also those that this debootstrap does not know yet.
debootstrap --variant=minbase "$release" "$root" "$mirror" /usr/share/debootstrap/scripts/sid
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
export DEBIAN_FRONTEND=noninteractive
chroot "$root" apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "${packages[@]}"
rm "$root/usr/sbin/policy-rc.d"

echo plimsoll-v2 >"$root/etc/hostname"
echo '127.0.0.1 localhost plimsoll-v2' >"$root/etc/hosts"
cat >"$root/etc/fstab" <<'FSTAB'
/dev/vda / ext4 rw,relatime 0 1
FSTAB
printf '%s\n' 9pnet_virtio 9p overlay br_netfilter tun >"$root/etc/modules-load.d/plimsoll.conf"
# Rootless engines: a user with ids to hand out, and every controller that a user's containers can be given.
chroot "$root" useradd --create-home --uid 1000 --shell /bin/sh captain
for file in subuid subgid; do echo captain:500000:65536 >"$root/etc/$file"; done
mkdir -p "$root/etc/systemd/system/user@.service.d"
printf '[Service]\nDelegate=cpu cpuset io memory pids\n' >"$root/etc/systemd/system/user@.service.d/delegate.conf"
# One service runs the checks and switches the machine off; everything it says goes to the serial console.
cat >"$root/etc/systemd/system/checks.service" <<'UNIT'
[Unit]
Description=The checks of test/vm
After=docker.service
Wants=docker.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'mkdir -p /checkout /out && \
  mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro,cache=loose checkout /checkout && \
  mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 out /out && \
  sh /checkout/test/vm/guest.sh'
ExecStopPost=/bin/systemctl poweroff --force
StandardOutput=journal+console
StandardError=journal+console
TimeoutStartSec=infinity
[Install]
WantedBy=multi-user.target
UNIT
chroot "$root" systemctl enable checks.service >/dev/null
chroot "$root" systemctl disable podman.service podman.socket >/dev/null 2>&1 || true
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
  systemd-timesyncd.service getty@tty1.service podman-auto-update.timer podman-restart.service; do
  chroot "$root" systemctl mask "$unit" >/dev/null 2>&1 || true
done
cp "$root"/boot/vmlinuz-* "$out/vmlinuz"
cp "$root"/boot/initrd.img-* "$out/initrd"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/boot/*
truncate -s 6G "$out/disk.img"
mke2fs -q -t ext4 -d "$root" -F "$out/disk.img"
rm -rf "$root"
