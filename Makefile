# SPDX-License-Identifier: GPL-2.0-only
# sipxdp: everything is built under build/. `make help` lists what there is to do.

V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = @printf '  %-8s %s\n'

# SAN=1 builds user space under ASan and UBSan into a directory of its own.
SAN ?= 0
B := build
O := $(if $(filter 1,$(SAN)),$(B)/san,$(B))

CC ?= gcc
CLANG ?= $(firstword $(shell command -v clang-14 clang clang-19 clang-16 2>/dev/null) clang)
BPFTOOL ?= $(firstword $(shell command -v bpftool) /usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config

PACKAGES := libbpf libxdp yaml-0.1 jansson libsystemd libcap-ng libpcap libseccomp
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wcast-qual -Wvla -Wundef
CPPFLAGS += -D_GNU_SOURCE -Iinclude -Iuser -I$(B)/gen
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu11 $(WARN) -fno-strict-aliasing -fstack-protector-strong -MMD -MP
ifeq ($(SAN),1)
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif
CFLAGS += $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
LDLIBS += $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)

LIB_DIRS := sip track plane policy balance export
LIB_SRC := $(foreach d,$(LIB_DIRS),$(wildcard user/$(d)/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(O)/%.o)
DAEMON_SRC := $(wildcard user/daemon/*.c)
CTL_SRC := $(wildcard user/ctl/*.c)
BPF_SRC := $(wildcard bpf/*.bpf.c)
BPF_OBJ := $(BPF_SRC:bpf/%.bpf.c=$(B)/bpf/%.bpf.o)
BPF_SKEL := $(BPF_SRC:bpf/%.bpf.c=$(B)/gen/%.skel.h)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_BIN := $(UNIT_SRC:%.c=$(O)/%)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all clean help

all: $(B)/sipxdpd $(B)/sipxdpctl $(BPF_OBJ)

$(O)/sipxdpd: $(DAEMON_SRC:%.c=$(O)/%.o) $(O)/libsipxdp.a
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(O)/sipxdpctl: $(CTL_SRC:%.c=$(O)/%.o) $(O)/libsipxdp.a
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(O)/libsipxdp.a: $(LIB_OBJ)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/user/%.o: user/%.c | $(BPF_SKEL)
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(say) BPF $@
	$(Q)mkdir -p $(@D) && $(CLANG) -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Iinclude -Ibpf \
		-I/usr/include/$(shell uname -m)-linux-gnu -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@ $<

$(B)/gen/%.skel.h: $(B)/bpf/%.bpf.o
	$(say) SKEL $@
	$(Q)mkdir -p $(@D) && $(BPFTOOL) gen skeleton $< name $* > $@

$(O)/tests/unit/%: tests/unit/%.c $(O)/libsipxdp.a
	$(say) TEST $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(O)/libsipxdp.a $(LDLIBS) -lcriterion

.PHONY: unit-one fuzz-one
unit-one: $(O)/tests/unit/test_$(T)
	$(Q)$<

$(B)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(LIB_SRC) | $(BPF_SKEL)
	$(say) FUZZ $@
	$(Q)mkdir -p $(@D) && $(CLANG) $(CPPFLAGS) -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -o $@ $< $(LIB_SRC) $(LDLIBS)

fuzz-one: $(B)/fuzz/fuzz_$(F)
	$(Q)mkdir -p $(B)/fuzz/corpus_$(F) tests/fuzz/corpus/$(F)
	$(Q)$< -max_total_time=$(or $(SECONDS_),60) -max_len=8192 $(B)/fuzz/corpus_$(F) tests/fuzz/corpus/$(F)

clean:
	$(Q)rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
