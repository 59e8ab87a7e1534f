#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Puts in place what install/FILES lists, or takes it away again: install.sh install|uninstall
# [DESTDIR]. Starts, stops and enables nothing; says what is left to do. Both may be repeated.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PINS=/sys/fs/bpf/sipxdp # an instance that is in force has its tables there

die() {
	echo "install.sh: $*" >&2
	exit 1
}

usage() {
	echo "usage: install.sh install|uninstall [DESTDIR]" >&2
	exit 2
}

# Sets the arrays of what FILES says: where each file comes from, where it goes, its mode, and
# whether one that is there is left alone ("keep").
read_files() {
	local source place mode keep rest
	sources=() places=() modes=() keeps=()
	while read -r source place mode keep rest; do
		[[ $source && $source != '#'* ]] || continue
		[[ $place == /* && $place != *..* && $mode =~ ^0[0-7]{3}$ && -z $rest &&
			(-z $keep || $keep == keep) ]] || die "install/FILES: bad line for $source"
		sources+=("$root/$source")
		places+=("$place")
		modes+=("$mode")
		keeps+=("$keep")
	done <"$root/install/FILES"
	[[ ${#sources[@]} -gt 0 ]] || die "install/FILES names no file"
}

# Nothing is put in place unless everything can be.
check_sources() {
	local source
	for source in "${sources[@]}"; do
		[[ -r $source ]] || die "$source is not there: make install builds it"
	done
}

put_files() {
	local i to
	local -a owner=()
	[[ $EUID != 0 ]] || owner=(-o root -g root)
	umask 022
	for i in "${!sources[@]}"; do
		to=$destdir${places[i]}
		if [[ ${keeps[i]} && -e $to ]]; then
			echo "kept     $to"
		else
			install -D "${owner[@]}" -m "${modes[i]}" "${sources[i]}" "$to"
			echo "put      $to"
		fi
	done
}

# A file marked "keep" that was changed stays.
take_files() {
	local i at
	for i in "${!places[@]}"; do
		at=$destdir${places[i]}
		[[ -e $at || -L $at ]] || continue
		if [[ ${keeps[i]} ]] && ! cmp -s "$at" "${sources[i]}"; then
			echo "kept     $at"
			continue
		fi
		rm -f "$at"
		echo "removed  $at"
		# A directory of our own goes with its last file.
		if [[ $(basename "$(dirname "$at")") == sipxdp ]]; then
			rmdir --ignore-fail-on-non-empty "$(dirname "$at")"
		fi
	done
}

# What is in force in the kernel outlives the files, and sipxdpctl is what takes it away.
check_not_in_force() {
	local pin
	for pin in "$PINS"/*/settings; do
		[[ -e $pin ]] || continue
		pin=$(basename "$(dirname "$pin")")
		die "instance $pin is in force. First: systemctl disable --now sipxdpd;" \
			"sipxdpctl --instance $pin detach"
	done
}

say_next() {
	cat <<-'END'

		What is left to do:
		  systemd-sysusers /etc/sysusers.d/sipxdp.conf             # the group sipxdp
		  systemd-tmpfiles --create /etc/tmpfiles.d/sipxdp.conf    # /run/sipxdp
		  systemctl daemon-reload
		  edit /etc/sipxdp/sipxdp.yaml                             # interfaces, listen, mode: monitor
		  sipxdpctl check /etc/sipxdp/sipxdp.yaml
		  systemctl enable --now sipxdpd
		  sipxdpctl status
	END
}

[[ $# == 1 || $# == 2 ]] || usage
destdir=${2:-}
destdir=${destdir%/}
read_files
case $1 in
install)
	check_sources
	put_files
	[[ $destdir ]] || say_next
	;;
uninstall)
	[[ $destdir ]] || check_not_in_force
	take_files
	[[ $destdir ]] || echo "Left to do: systemctl daemon-reload"
	;;
*) usage ;;
esac
