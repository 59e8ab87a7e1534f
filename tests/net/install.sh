#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: make install puts every file in place with its mode and keeps a changed configuration, the unit is good, and uninstall leaves nothing else
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

# What the network tests have a lab for has nothing to do here but to print a failure.
lab_tmp=$(mktemp -d "${TMPDIR:-/tmp}/sipxdp-install.XXXXXX")
trap 'rm -rf "$lab_tmp"' EXIT
to=$lab_tmp/root
config=$to/etc/sipxdp/sipxdp.yaml

command -v scdoc >/dev/null || skip "no scdoc, which makes the man pages"
[[ -x $LAB_BUILD/sipxdpd ]] || fail "not built: make all lab"

# files COMMAND: runs it for each line of FILES, with the place, its mode and "keep" or nothing
files() {
	local _ place mode keep
	while read -r _ place mode keep; do
		[[ $place == /* ]] && "$1" "$place" "$mode" "$keep"
	done < <(grep -v '^#' "$LAB_ROOT/install/FILES")
}

check_file() {
	check "mode of $1" "$(stat -c '0%a' "$to$1" 2>&1)" = "$2"
}

install_into() {
	make --no-print-directory -C "$LAB_ROOT" "$1" DESTDIR="$to" >"$lab_tmp/make.out" 2>&1 ||
		fail "make $1: $(tail -n 3 "$lab_tmp/make.out")"
}

install_into install
files check_file
check "files installed" "$(find "$to" -type f | wc -l)" -eq "$(files echo | wc -l)"
"$to/usr/local/sbin/sipxdpctl" check --no-host "$config" >"$lab_tmp/check.out" ||
	fail "the installed configuration: $(cat "$lab_tmp/check.out")"

# The unit names programs by their places after the installation.
if command -v systemd-analyze >/dev/null; then
	sed "s#/usr/local/sbin#$to&#" "$to/etc/systemd/system/sipxdpd.service" >"$lab_tmp/sipxdpd.service"
	check "what systemd has against the unit" \
		"$(systemd-analyze verify --man=no "$lab_tmp/sipxdpd.service" 2>&1)" = ""
fi

echo "# changed" >>"$config"
install_into install
files check_file
check "the changed configuration after a second install" "$(tail -n 1 "$config")" = "# changed"

install_into uninstall
check "what is left after uninstall" "$(find "$to" -type f)" = "$config"
sed -i '$d' "$config"
install_into uninstall
check "what is left when the configuration was not changed" "$(find "$to" -type f)" = ""
check "directories of our own" "$(find "$to" -name sipxdp)" = ""
