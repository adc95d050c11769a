#!/bin/sh
# The harmlessness suite and the tests of the locks under Debian's own kernel in a virtual machine: the
# long form. The programs of a build and their libraries go into an initial RAM disk; its init moves to
# a tmpfs (pivot_root(2) does not work on the initial one) and runs them. Prints TAP; skips with a
# reason where the parts cannot be had.
#
# usage: vm.sh BUILD [CACHE]
set -eu
build=$(cd "${1:?usage: vm.sh BUILD [CACHE]}" && pwd)
cache=${2:-${XDG_CACHE_HOME:-$HOME/.cache}/tocsin-vm}
limit_s=${VM_SECONDS:-3600}
programs="test_sys_locks test_sys_confine test_harmless"

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
mkdir -p "$cache/packages"
kernel_package=$(apt-cache depends linux-image-amd64 2>/dev/null |
	sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
[ -n "$kernel_package" ] || skip "the package list names no linux-image-amd64"
for package in "$kernel_package" busybox-static; do
	if ! ls "$cache/packages/${package}"_*.deb >/dev/null 2>&1; then
		(cd "$cache/packages" && apt-get download "$package" >/dev/null 2>&1) ||
			skip "$package cannot be downloaded"
	fi
	if [ ! -d "$cache/$package" ]; then
		rm -rf "$cache/$package.new"
		dpkg-deb -x "$cache/packages/${package}"_*.deb "$cache/$package.new"
		mv "$cache/$package.new" "$cache/$package"
	fi
done
kernel=$(ls "$cache/$kernel_package"/boot/vmlinuz-* | head -n 1)
busybox=$(find "$cache/busybox-static" -type f -perm -u+x -name busybox | head -n 1)

work=$(mktemp -d "${TMPDIR:-/var/tmp}/tocsin-vm-XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
root=$work/root
mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/etc" "$root/new" "$root/tests"
cp "$busybox" "$root/bin/busybox"
for name in sh mount mkdir cp switch_root poweroff ls yes head true cat; do
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

# 16 MiB of console is far more than the tests print.
timeout "$limit_s" qemu-system-x86_64 -accel kvm -accel tcg -m 1024 -smp 2 -nographic -no-reboot \
	-nodefaults -serial stdio -kernel "$kernel" -initrd "$work/initrd" \
	-append "console=ttyS0 panic=-1 quiet" </dev/null 2>"$work/errors" |
	tr -d '\r' | head -c 16777216 >"$work/log" || true

n=0
failed=0
echo "# $(basename "$kernel")"
for program in $programs; do
	n=$((n + 1))
	sed -n "/^@begin $program\$/,/^@end $program /p" "$work/log" |
		grep -E '^(ok|not ok|#.*(:[0-9]+: |SKIP))' | sed 's/^/#   /' || true
	if grep -q "^@end $program 0\$" "$work/log"; then
		echo "ok $n - $program"
	else
		echo "not ok $n - $program"
		failed=1
	fi
done
n=$((n + 1))
if grep -q '^@finished$' "$work/log"; then
	echo "ok $n - the machine came to its end"
else
	echo "not ok $n - the machine came to its end"
	tail -n 20 "$work/log" "$work/errors" | sed 's/^/# /'
	failed=1
fi
echo "1..$n"
exit $failed
