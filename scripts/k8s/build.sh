#!/usr/bin/env bash
# Usage: build.sh <folder>. Makes there etcd, kubectl and, compiled, kube-apiserver, kubelet and kube-controller-manager, all of Debian bookworm, which packages
# Kubernetes 1.20 with every library it needs. Takes apt and the network, 4 GB of room meanwhile and some ten minutes of two processors; no root. Nothing outside
# the folder is changed: apt's lists and packages are the folder's own, and nothing is installed. What a first, broken off call has made is used again.
set -euo pipefail
out=$1
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
jobs=${BUILD_JOBS:-2}
mkdir -p "$out"/{apt/lists/partial,apt/cache/archives/partial,deb,bin,gocache}
cd "$out"

# --- What Debian has ---
key=/usr/share/keyrings/debian-archive-keyring.gpg
for kind in deb deb-src; do echo "$kind [signed-by=$key] $mirror bookworm main"; done >apt/sources
own=(-o "Dir::Etc::SourceList=$out/apt/sources" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$out/apt/lists" -o "Dir::Cache=$out/apt/cache"
  -o APT::Sandbox::User=root -o Acquire::Languages=none)
fetched() { [ -e "deb/$1.done" ]; }
if ! fetched all; then
  apt-get "${own[@]}" update -qq
  cd deb
  # Compiler and reflect2: the copy of the latter in Kubernetes' source does not work when compiled by this compiler.
  apt-get "${own[@]}" download -qq etcd-server kubernetes-client golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev
  apt-get "${own[@]}" source -qq --download-only kubernetes
  for package in *.deb; do dpkg-deb --extract "$package" root; done
  cd ..
  touch deb/all.done
fi
cp deb/root/usr/bin/etcd deb/root/usr/bin/kubectl bin/

# --- The source, where a Go without modules looks for it ---
tree=$out/gopath/src/k8s.io/kubernetes
if [ ! -e "$tree/.ready" ]; then
  rm -rf "$tree"
  mkdir -p "$tree"
  tar -xf deb/kubernetes_*.orig.tar.* -C "$tree" --strip-components=1
  for extra in deb/kubernetes_*.orig-*.tar.*; do
    [ -e "$extra" ] || continue
    part=${extra#*.orig-}
    mkdir -p "$tree/${part%%.tar*}"
    tar -xf "$extra" -C "$tree/${part%%.tar*}" --strip-components=1
  done
  rm -rf "$tree/vendor/github.com/modern-go/reflect2"
  cp -r deb/root/usr/share/gocode/src/github.com/modern-go/reflect2 "$tree/vendor/github.com/modern-go/reflect2"
  touch "$tree/.ready"
fi
export GOROOT=$out/deb/root/usr/lib/go-1.19 GOPATH=$out/gopath GOCACHE=$out/gocache GO111MODULE=off CGO_ENABLED=0 GOFLAGS=
export PATH=$GOROOT/bin:$PATH
cd "$tree"

# --- The descriptions of the API, which are generated and not in the source ---
go build -p "$jobs" -o "$out/bin/openapi-gen" k8s.io/kubernetes/vendor/k8s.io/kube-openapi/cmd/openapi-gen
describe() { # describe <package> <folders with types>
  local package=$1
  shift
  [ ! -e "$package/zz_generated.openapi.go" ] || return 0
  mkdir -p "$package"
  # One thread: with more of them it has been seen to end without a word.
  GOMAXPROCS=1 "$out/bin/openapi-gen" --logtostderr -i "$(echo "$@" | tr ' ' ,)" -p "k8s.io/kubernetes/$package" -O zz_generated.openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$out/violations" -o "$out/gopath/src"
}
vendored() { for path in "$@"; do echo "k8s.io/kubernetes/vendor/k8s.io/$path"; done; }
basics=$(vendored apimachinery/pkg/{apis/meta/v1,runtime,version,api/resource,util/intstr} api/core/v1 api/autoscaling/v1)
marked=$(grep -rl '+k8s:openapi-gen=' --include='*.go' pkg staging/src/k8s.io | grep -vE 'code-generator|sample-|_test.go|/testdata/' |
  xargs -n1 dirname | sort -u | sed 's#^staging/src/#vendor/#; s#^#k8s.io/kubernetes/#')
# shellcheck disable=SC2086
{
  describe pkg/generated/openapi $marked
  describe staging/src/k8s.io/kube-aggregator/pkg/generated/openapi $(vendored kube-aggregator/pkg/apis/apiregistration/{v1,v1beta1}) $basics
  describe staging/src/k8s.io/apiextensions-apiserver/pkg/generated/openapi $(vendored apiextensions-apiserver/pkg/apis/apiextensions/{v1,v1beta1}) $basics
}

# --- The programs ---
version=v1.20.2
named() { for package in "$@"; do echo "-X k8s.io/kubernetes/vendor/k8s.io/$package.gitVersion=$version"; done; }
component=k8s.io/kubernetes/vendor/k8s.io/component-base/version
flags="-s -w $(named component-base/version client-go/pkg/version | tr '\n' ' ') -X $component.gitMajor=1 -X $component.gitMinor=20"
for program in kube-apiserver kubelet kube-controller-manager; do
  [ -x "$out/bin/$program" ] || go build -p "$jobs" -ldflags "$flags" -o "$out/bin/$program" "k8s.io/kubernetes/cmd/$program"
done
