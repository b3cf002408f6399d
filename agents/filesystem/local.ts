/** Which file systems are this machine's own, by statfs' number or mountinfo's name: what is not listed may wait for somebody else. */

/** `f_type`, from the kernel's linux/magic.h; zfs and bcachefs have theirs in their own sources. */
const LOCAL_TYPES = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0xf2f52010, // f2fs
  0x794c7630, // overlay
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x2fc12fc1, // zfs
  0xca451a4e, // bcachefs
]);

export function isLocalType(type: number): boolean {
  // Some platforms give it with a sign.
  return LOCAL_TYPES.has(type >>> 0);
}

const LOCAL_NAMES = new Set([
  ...['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'f2fs', 'overlay', 'tmpfs', 'ramfs', 'zfs', 'bcachefs'],
  // The kernel's own, without a disk.
  ...['proc', 'sysfs', 'cgroup', 'cgroup2', 'devtmpfs', 'devpts', 'mqueue', 'nsfs'],
]);

export function isLocalName(name: string): boolean {
  return LOCAL_NAMES.has(name);
}
