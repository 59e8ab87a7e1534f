# SPDX-License-Identifier: GPL-2.0-only
# A kernel of Debian's to boot, and the small initrd that it starts from: fetched and made once per
# version, kept in $VM_CACHE. To be sourced, with vm_directory set to this directory.
# shellcheck shell=bash disable=SC2154

VM_CACHE=${VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sipxdp-vm}
# What is no part of Debian's kernel image itself and is needed before its root is there, or in it.
VM_MODULES=(virtio_pci virtio_net 9pnet_virtio 9p overlay veth sch_ingress cls_bpf)

# vm_kernel_package 6.1: the name of the package that holds the newest kernel of that series
vm_kernel_package() {
	local meta
	case $1 in
	6.1) meta=linux-image-amd64 ;;
	6.12) meta=linux-image-6.12-amd64 ;;
	*) return 1 ;;
	esac
	apt-cache depends "$meta" 2>/dev/null |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

# The modules, each behind those it needs, into DIRECTORY/modules; their order into DIRECTORY/order.
vm_copy_modules() { # TREE VERSION DIRECTORY
	local module path name
	depmod -b "$1" "$2"
	: >"$3/order"
	for module in "${VM_MODULES[@]}"; do
		while read -r path; do
			name=$(basename "$path" .xz)
			! grep -qxF "$name" "$3/order" || continue
			case $path in
			*.xz) xz -dc "$path" >"$3/modules/$name" ;;
			*) cp "$path" "$3/modules/$name" ;;
			esac
			echo "$name" >>"$3/order"
		done < <(modprobe -d "$1" -S "$2" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p')
	done
}

vm_make_initrd() { # TREE VERSION OUT
	local directory
	directory=$(mktemp -d)
	mkdir -p "$directory"/{bin,dev,proc,modules,host,upper,root}
	cp "$(command -v busybox)" "$directory/bin/busybox"
	cp "$vm_directory/init.sh" "$directory/init"
	chmod 755 "$directory/init"
	vm_copy_modules "$1" "$2" "$directory"
	(cd "$directory" && find . | cpio --quiet -o -H newc) | gzip -1 >"$3.new"
	rm -rf "$directory"
	mv "$3.new" "$3"
}

# vm_kernel 6.1: makes sure of it, and sets vm_version, vm_image and vm_initrd.
vm_kernel() {
	local package tree
	package=$(vm_kernel_package "$1") || return 1
	[[ $package ]] || {
		echo "no package with a kernel $1 is known here (apt-get update?)" >&2
		return 1
	}
	vm_version=${package#linux-image-}
	tree=$VM_CACHE/$vm_version
	vm_image=$tree/boot/vmlinuz-$vm_version
	vm_initrd=$tree/initrd.gz
	if [[ ! -e $vm_image ]]; then
		mkdir -p "$VM_CACHE"
		rm -rf "$tree" "$tree.new"
		(
			cd "$VM_CACHE" || exit
			apt-get -qq -o APT::Sandbox::User=root download "$package"
			dpkg-deb -x "$package"_*.deb "$tree.new"
			rm -f "$package"_*.deb
		)
		# modprobe looks in lib/modules; Debian with merged /usr ships usr/lib.
		[[ -e $tree.new/lib ]] || ln -s usr/lib "$tree.new/lib"
		mv "$tree.new" "$tree"
	fi
	# Rebuilt when what goes into it is newer.
	if [[ ! -e $vm_initrd || $vm_directory/init.sh -nt $vm_initrd || $vm_directory/kernel.sh -nt $vm_initrd ]]; then
		vm_make_initrd "$tree" "$vm_version" "$vm_initrd"
	fi
}
