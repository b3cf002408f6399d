#!/usr/bin/env bash
# Usage: build.sh <folder>. Builds there a Debian 12 machine with systemd (cgroup v2), a kernel and Docker: disk.img, vmlinuz, initrd.
# Takes root, debootstrap and mke2fs; about four minutes. Nothing outside the folder is changed.
set -euo pipefail
out=$1
root=$out/root
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
packages=systemd-sysv,dbus,linux-image-amd64,docker.io,busybox-static,iproute2,iptables,procps,kmod,libatomic1,libstdc++6

rm -rf "$out"
mkdir -p "$root/etc/initramfs-tools/conf.d" "$root/etc/dpkg/dpkg.cfg.d"
# Manual pages and translations would only make the image larger.
printf 'path-exclude=%s\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' >"$root/etc/dpkg/dpkg.cfg.d/small"
# The initial file system only has to reach the disk; emulated, unpacking all drivers takes longer than the boot.
printf 'MODULES=list\nCOMPRESS=lz4\n' >"$root/etc/initramfs-tools/conf.d/small"
printf '%s\n' virtio_pci virtio_blk ext4 >"$root/etc/initramfs-tools/modules"
debootstrap --variant=minbase --include="$packages" bookworm "$root" "$mirror"

echo plimsoll-v2 >"$root/etc/hostname"
cat >"$root/etc/fstab" <<'FSTAB'
/dev/vda / ext4 rw,relatime 0 1
FSTAB
printf '%s\n' 9pnet_virtio 9p overlay br_netfilter >"$root/etc/modules-load.d/plimsoll.conf"
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
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
  systemd-timesyncd.service getty@tty1.service; do
  chroot "$root" systemctl mask "$unit" >/dev/null 2>&1 || true
done
cp "$root"/boot/vmlinuz-* "$out/vmlinuz"
cp "$root"/boot/initrd.img-* "$out/initrd"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/boot/*
truncate -s 4G "$out/disk.img"
mke2fs -q -t ext4 -d "$root" -F "$out/disk.img"
rm -rf "$root"
