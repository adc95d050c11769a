#!/bin/sh
# The harmlessness suite and the tests of the locks under Debian's own kernel in a virtual machine: the
# long form. The programs of a build and their libraries go into an initial RAM disk; its init moves to
# a tmpfs (pivot_root(2) does not work on the initial one) and runs them. Prints TAP; skips with a
# reason where the parts cannot be had. Without /dev/kvm the processor is emulated, which takes about a
# quarter of an hour.
#
# usage: vm.sh BUILD [CACHE]
#
# VM_SECONDS  the machine's time limit (3600)
# VM_KERNEL   a package with a kernel image, in place of the distribution's newest
set -eu
build=$(cd "${1:?usage: vm.sh BUILD [CACHE]}" && pwd)
cache=${2:-${XDG_CACHE_HOME:-$HOME/.cache}/tocsin-vm}
limit_s=${VM_SECONDS:-3600}
programs="test_sys_locks test_sys_confine test_harmless"
log=$build/vm.log

skip() {
	echo "1..0 # SKIP $1"
	exit 0
}

[ "$(uname -m)" = x86_64 ] || skip "only written for x86-64"
for tool in qemu-system-x86_64 dpkg-deb apt-get ldd; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
for program in $programs; do
	[ -x "$build/tests/$program" ] || skip "$program is not built in $build"
done

# The newest kernel image that the package list names, and a shell without libraries.
mkdir -p "$cache"
kernel_package=${VM_KERNEL:-}
for meta in linux-image-amd64 linux-image-generic; do # Debian, Ubuntu
	[ -n "$kernel_package" ] || kernel_package=$(apt-cache depends "$meta" 2>/dev/null |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
done
[ -n "$kernel_package" ] || skip "the package list names no kernel image: apt-get update"
for package in "$kernel_package" busybox-static; do
	if [ ! -d "$cache/$package" ]; then
		rm -rf "$cache/packages" "$cache/$package.new"
		mkdir -p "$cache/packages"
		(cd "$cache/packages" && apt-get download "$package" >/dev/null 2>&1) ||
			skip "$package cannot be downloaded: apt-get update"
		dpkg-deb -x "$cache/packages/${package}"_*.deb "$cache/$package.new"
		mv "$cache/$package.new" "$cache/$package"
		rm -rf "$cache/packages"
	fi
done
kernel=$(find "$cache/$kernel_package/boot" -name 'vmlinuz-*' 2>/dev/null | head -n 1)
busybox=$(find "$cache/busybox-static" -type f -perm -u+x -name busybox | head -n 1)
[ -n "$kernel" ] && [ -n "$busybox" ] || skip "$kernel_package or busybox-static holds no program"

work=$(mktemp -d "${TMPDIR:-/var/tmp}/tocsin-vm-XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
root=$work/root
mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/etc" "$root/new" "$root/tests"
cp "$busybox" "$root/bin/busybox"
for name in sh ip mount mkdir cp switch_root poweroff ls yes head true cat; do
	ln -s busybox "$root/bin/$name"
done
printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
for program in $programs; do
	cp "$build/tests/$program" "$root/tests/"
	ldd "$build/tests/$program" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p'
done | sort -u | while read -r library; do
	mkdir -p "$root$(dirname "$library")"
	cp -L "$library" "$root$library"
done

cat >"$root/init" <<'INIT'
#!/bin/sh
mount -t tmpfs -o mode=755 none /new
for folder in bin etc lib lib64 usr tests; do
	[ -e "/$folder" ] && cp -a "/$folder" /new/
done
mkdir -p /new/proc /new/sys /new/dev /new/var/tmp /new/dev/shm
chmod 1777 /new/var/tmp
cp /run-tests /new/run-tests
exec switch_root /new /run-tests
INIT
cat >"$root/run-tests" <<INIT
#!/bin/sh
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /dev/shm
mount -t tmpfs none /dev/shm
ip link set lo up # the machine has no other network
export TMPDIR=/var/tmp TEST_SLOW=1
for program in $programs; do
	echo "@begin \$program"
	/tests/\$program
	echo "@end \$program \$?"
done
echo @finished
poweroff -f
INIT
chmod 755 "$root/init" "$root/run-tests"
(cd "$root" && find . | "$busybox" cpio -o -H newc -R 0:0 2>/dev/null | gzip -1) >"$work/initrd"

# machine SECONDS OPTION…: its console. It ends when the kernel powers it off, panics or reboots.
machine() {
	seconds=$1
	shift
	timeout --foreground "$seconds" qemu-system-x86_64 "$@" -m 1024 -smp 2 -nographic -no-reboot \
		-nodefaults -serial stdio -kernel "$kernel" </dev/null 2>>"$work/errors" | tr -d '\r'
}

# A /dev/kvm that is there may still start nothing (a machine within a machine): it is tried first. An
# emulated processor has everything that is known.
accel="-accel tcg -cpu max"
if [ -w /dev/kvm ]; then
	if { machine 20 -accel kvm -cpu host -append "console=ttyS0 panic=-1"; } 2>/dev/null |
		grep -q "Linux version"; then
		accel="-accel kvm -cpu host"
	else
		echo "# /dev/kvm is there and starts no kernel: the processor is emulated"
	fi
fi

# 16 MiB of console is far more than the tests print.
# shellcheck disable=SC2086
machine "$limit_s" $accel -initrd "$work/initrd" -append "console=ttyS0 panic=-1 quiet" |
	head -c 16777216 >"$log" || true

n=0
failed=0
echo "# $(basename "$kernel")"
for program in $programs; do
	n=$((n + 1))
	sed -n "/^@begin $program\$/,/^@end $program /p" "$log" |
		grep -E '^(ok|not ok|#.*(:[0-9]+: |SKIP))' | sed 's/^/#   /' || true
	if grep -q "^@end $program 0\$" "$log"; then
		echo "ok $n - $program"
	else
		echo "not ok $n - $program"
		failed=1
	fi
done
n=$((n + 1))
if grep -q '^@finished$' "$log"; then
	echo "ok $n - the machine came to its end"
else
	echo "not ok $n - the machine came to its end"
	tail -n 20 "$log" "$work/errors" | sed 's/^/# /'
	failed=1
fi
echo "1..$n"
exit $failed
