#!/usr/bin/env bash
# Usage: kubectl.sh <folder> <release>. Puts there kubectl of a Debian release, whichever this machine has. Takes apt and the network, some seconds; no root. Nothing outside the
# folder is changed: apt's lists and packages are the folder's own, and nothing is installed.
set -euo pipefail
out=$1
release=$2
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
mkdir -p "$out"/apt/{lists/partial,cache/archives/partial}
cd "$out"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >apt/sources
own=(-o "Dir::Etc::SourceList=$out/apt/sources" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$out/apt/lists" -o "Dir::Cache=$out/apt/cache"
  -o "Dir::State::Status=$out/apt/status" -o APT::Sandbox::User=root -o Acquire::Languages=none)
# What is installed here does not count: another vendor's package has the same name.
touch apt/status
apt-get "${own[@]}" update -qq
apt-get "${own[@]}" download -qq kubectl
dpkg-deb --extract kubectl_*.deb root
mv root/usr/bin/kubectl kubectl
rm -rf apt root ./*.deb
