# SPDX-License-Identifier: GPL-2.0-only
# sipxdp: everything is built under build/. `make help` lists what there is to do.

V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = @printf '  %-8s %s\n'

# SAN=1 builds user space under ASan and UBSan into a directory of its own.
SAN ?= 0
B := build
# COV=1 builds it so that it notes which of its lines were run.
COV ?= 0
O := $(if $(filter 1,$(SAN)),$(B)/san,$(if $(filter 1,$(COV)),$(B)/cov,$(B)))

CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG ?= $(firstword $(shell command -v clang-14 clang clang-19 clang-16) clang)
CLANG_FORMAT ?= $(firstword $(shell command -v clang-format-14 clang-format) clang-format)
BPFTOOL ?= $(firstword $(shell command -v bpftool) /usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config

PACKAGES := libbpf libxdp yaml-0.1 jansson libsystemd libcap-ng libpcap libseccomp nettle ncurses
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wcast-qual -Wvla -Wundef
CPPFLAGS += -D_GNU_SOURCE -Iinclude -Iuser -I$(B)/gen
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu11 $(WARN) -fno-strict-aliasing -fstack-protector-strong -MMD -MP
ifeq ($(SAN),1)
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif
ifeq ($(COV),1)
CFLAGS += --coverage -fprofile-update=atomic -O0
LDFLAGS += --coverage
endif
CFLAGS += $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
LDLIBS += $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Iinclude -Ibpf \
	-I/usr/include/$(shell uname -m)-linux-gnu

LIB_DIRS := sip track plane policy balance export ua
LIB_SRC := $(foreach d,$(LIB_DIRS),$(wildcard user/$(d)/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(O)/%.o)
DAEMON_OBJ := $(patsubst %.c,$(O)/%.o,$(wildcard user/daemon/*.c))
CTL_OBJ := $(patsubst %.c,$(O)/%.o,$(wildcard user/ctl/*.c))
BPF_OBJ := $(patsubst bpf/%.bpf.c,$(B)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c))
SKEL := $(BPF_OBJ:$(B)/bpf/%.bpf.o=$(B)/gen/%.skel.h)
UNIT_BIN := $(patsubst %.c,$(O)/%,$(wildcard tests/unit/test_*.c))
BPF_TEST_BIN := $(patsubst %.c,$(O)/%,$(wildcard tests/bpf/test_*.c))
BPF_TEST_LIB := $(patsubst %.c,$(O)/%.o,$(filter-out tests/bpf/test_%,$(wildcard tests/bpf/*.c)))
FUZZ_BIN := $(patsubst tests/fuzz/fuzz_%.c,$(B)/fuzz/fuzz_%,$(wildcard tests/fuzz/fuzz_*.c))
BENCH_BIN := $(patsubst bench/%.c,$(B)/bench/%,$(wildcard bench/bench_*.c))
BENCH_LIB := $(patsubst %.c,$(B)/%.o,$(filter-out bench/bench_% bench/%.bpf.c,$(wildcard bench/*.c)))
BENCH_BPF := $(patsubst bench/%.bpf.c,$(B)/bench/%.bpf.o,$(wildcard bench/*.bpf.c))
LAB_BPF := $(B)/lab/wire.bpf.o $(B)/lab/flood.bpf.o
LAB_BIN := $(B)/lab/flood $(B)/lab/phones $(B)/lab/tunnel
MAN := $(B)/sipxdpd.8 $(B)/sipxdpctl.8

.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all
.PHONY: all lab help deps-build deps-lab deps-test deps-bench run example test unit bpf-test net-test san-test \
	fuzz format format-check coverage bench bench-track install uninstall clean

all: $(B)/sipxdpd $(B)/sipxdpctl $(BPF_OBJ)

help:
	@echo 'make              build sipxdpd, sipxdpctl and the BPF object under build/'
	@echo 'make run          (root) install what is missing, build, run the lab: calls behind floods'
	@echo '                  MODE=balance: calls over backends that come and go'
	@echo 'make run IFACE=X  (root) guard the interface X with the default configuration'
	@echo 'make example      (root) a session step by step, as docs/sip-by-example.md tells it'
	@echo 'make test         (root) install what is missing and run every test'
	@echo 'make soak         (root) an hour of calls and disturbances; SOAK_SECONDS=300 for less'
	@echo 'make test-vm      boot other kernels in QEMU and test there; VM_KERNELS=6.1 for one'
	@echo 'make coverage     (root) which lines of user/ the unit tests run'
	@echo 'make bench        (root) what the performance tables are made of'
	@echo 'make bench-X      one of them: xdp, parser, track, flood, balance; bench-plots draws what was measured'
	@echo 'make fuzz         fuzz every parser; SECONDS_=600 for longer'
	@echo 'make install      into DESTDIR, with a systemd unit; make uninstall takes it away'
	@echo 'make format       clang-format on the C sources'
	@echo 'make clean        remove build/'
	@echo 'V=1 shows the commands; SAN=1 builds under ASan and UBSan'

deps-build:
	$(Q)lab/install-deps.sh build
deps-lab:
	$(Q)lab/install-deps.sh build lab
deps-test:
	$(Q)lab/install-deps.sh build lab test
deps-bench:
	$(Q)lab/install-deps.sh build lab test bench

# ---- building ----

$(O)/sipxdpd: $(DAEMON_OBJ) $(O)/libsipxdp.a
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(O)/sipxdpctl: $(CTL_OBJ) $(O)/libsipxdp.a
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(O)/libsipxdp.a: $(LIB_OBJ)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/user/%.o: user/%.c | $(SKEL)
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(say) BPF $@
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@ $<

$(B)/gen/%.skel.h: $(B)/bpf/%.bpf.o
	$(say) SKEL $@
	$(Q)mkdir -p $(@D) && $(BPFTOOL) gen skeleton $< name $* > $@

$(B)/%.8: docs/%.8.scd
	$(say) MAN $@
	$(Q)mkdir -p $(@D) && scdoc < $< > $@

# ---- the lab ----

lab: $(LAB_BIN) $(LAB_BPF)

$(B)/lab/wire.bpf.o: lab/wire.bpf.c
$(B)/lab/flood.bpf.o: lab/flood/flood.bpf.c
$(LAB_BPF):
	$(say) BPF $@
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -Ilab -c -o $@ $<

$(B)/gen/flood.skel.h: $(B)/lab/flood.bpf.o
	$(say) SKEL $@
	$(Q)mkdir -p $(@D) && $(BPFTOOL) gen skeleton $< name flood > $@

$(B)/lab/flood: $(patsubst lab/%.c,$(B)/lab-obj/%.o,$(filter-out %.bpf.c,$(wildcard lab/flood/*.c)))
$(B)/lab/phones: $(patsubst lab/%.c,$(B)/lab-obj/%.o,$(wildcard lab/phones/*.c))
$(B)/lab/tunnel: $(patsubst lab/%.c,$(B)/lab-obj/%.o,$(wildcard lab/tunnel/*.c))
$(LAB_BIN):
	$(say) LINK $@
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LDLIBS) -lm

$(B)/lab-obj/%.o: lab/%.c | $(B)/gen/flood.skel.h
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) -Ilab $(CFLAGS) -c -o $@ $<

run: deps-lab
	$(Q)$(MAKE) --no-print-directory all lab
ifdef IFACE
	$(Q)lab/protect.sh $(IFACE)
else
	$(Q)lab/run.sh
endif

example: deps-lab
	$(Q)$(MAKE) --no-print-directory all lab
	$(Q)lab/example.sh

# ---- tests ----

$(O)/tests/unit/%: tests/unit/%.c $(O)/libsipxdp.a $(CTL_OBJ) $(DAEMON_OBJ)
	$(say) TEST $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< \
		$(O)/libsipxdp.a $(LDLIBS) -lcriterion

$(O)/tests/bpf/%.o: tests/bpf/%.c
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) -Itests $(CFLAGS) -c -o $@ $<

$(O)/tests/bpf/test_%: $(O)/tests/bpf/test_%.o $(BPF_TEST_LIB) $(O)/libsipxdp.a
	$(say) TEST $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(O)/libsipxdp.a $(LDLIBS) -lcriterion -lpthread

.PHONY: unit-one bpf-one fuzz-one fuzz-repeat fuzz-build
unit-one: $(O)/tests/unit/test_$(T)
	$(Q)$<
bpf-one: $(O)/tests/bpf/test_$(T)
	$(Q)$<

unit: $(UNIT_BIN)
bpf-test: $(BPF_TEST_BIN)

test: deps-test
	$(Q)tests/run.sh

.PHONY: soak
soak: deps-lab
	$(Q)$(MAKE) --no-print-directory all lab
	$(Q)tests/soak/run.sh

# Other kernels, with the programs of each compiler that is there.
VM_CLANGS := 14 16 19
VM_KERNELS ?= 6.1 6.12
.PHONY: test-vm
test-vm:
	$(Q)lab/install-deps.sh build lab test vm
	$(Q)for c in $(VM_CLANGS); do \
		$(MAKE) --no-print-directory B=$(B)/vm/clang-$$c CLANG=clang-$$c \
			$(B)/vm/clang-$$c/bpf/sipxdp.bpf.o || exit 1; done
	$(Q)$(MAKE) --no-print-directory all lab bpf-test unit $(MAN) $(B)/vm/verify
	$(Q)tests/vm/run.sh $(VM_KERNELS)

$(B)/vm/verify: tests/vm/verify.c
	$(say) LINK $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $< -lbpf

coverage: deps-test
	$(Q)tests/coverage.sh

FUZZ_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined
$(B)/fuzz/obj/%.o: %.c | $(SKEL)
	$(say) FUZZ $@
	$(Q)mkdir -p $(@D) && $(CLANG) $(CPPFLAGS) -std=gnu11 -g -O1 -MMD -MP $(FUZZ_SANITIZE) \
		-fsanitize=fuzzer-no-link -c -o $@ $<

$(B)/fuzz/libsipxdp.a: $(LIB_SRC:%.c=$(B)/fuzz/obj/%.o)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/fuzz/fuzz_%: $(B)/fuzz/obj/tests/fuzz/fuzz_%.o $(B)/fuzz/libsipxdp.a
	$(say) LINK $@
	$(Q)$(CLANG) $(FUZZ_SANITIZE) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

SECONDS_ ?= 60
FUZZ_SEED ?= 0
fuzz-one: $(B)/fuzz/fuzz_$(F)
	$(Q)mkdir -p $(B)/fuzz/corpus_$(F) tests/fuzz/corpus/$(F)
	$(Q)$< -max_total_time=$(SECONDS_) -max_len=8192 -artifact_prefix=$(B)/fuzz/ -print_final_stats=1 \
		-seed=$(FUZZ_SEED) \
		$(addprefix -dict=,$(wildcard tests/fuzz/$(F).dict)) \
		$(B)/fuzz/corpus_$(F) tests/fuzz/corpus/$(F)

# The same inputs in the same order on every machine, from the committed corpus alone, so that a find
# can be had again: no guidance by compared values, which may be addresses, and none placed at random.
RUNS ?= 200000
fuzz-repeat: $(B)/fuzz/fuzz_$(F)
	$(Q)rm -rf $(B)/fuzz/repeat_$(F)
	$(Q)mkdir -p $(B)/fuzz/repeat_$(F) tests/fuzz/corpus/$(F)
	$(Q)$$(setarch -R true 2>/dev/null && echo setarch -R) $< -runs=$(RUNS) \
		-max_total_time=$(SECONDS_) -seed=1 -use_cmp=0 -reload=0 -max_len=8192 \
		-artifact_prefix=$(B)/fuzz/ -print_final_stats=1 \
		$(addprefix -dict=,$(wildcard tests/fuzz/$(F).dict)) \
		$(B)/fuzz/repeat_$(F) tests/fuzz/corpus/$(F)

fuzz-build: $(FUZZ_BIN)

fuzz: $(FUZZ_BIN)
	$(Q)for f in $(FUZZ_BIN:$(B)/fuzz/fuzz_%=%); do \
		$(MAKE) --no-print-directory fuzz-one F=$$f SECONDS_=$(SECONDS_) || exit 1; done

C_SOURCES := $(shell git ls-files '*.c' '*.h' 2>/dev/null)
format:
	$(Q)$(CLANG_FORMAT) -i $(C_SOURCES)
format-check:
	$(Q)$(CLANG_FORMAT) --dry-run --Werror $(C_SOURCES)

# ---- benchmarks ----

$(B)/bench/%.bpf.o: bench/%.bpf.c
	$(say) BPF $@
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@ $<

$(B)/bench/%.o: bench/%.c
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(B)/bench/bench_%: $(B)/bench/bench_%.o $(BENCH_LIB) $(B)/libsipxdp.a
	$(say) BENCH $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(B)/libsipxdp.a $(LDLIBS) -ldl -lm


bench: deps-bench
	$(Q)$(MAKE) --no-print-directory all lab $(BENCH_BIN) $(BENCH_BPF)
	$(Q)bench/run.sh
.PHONY: bench-xdp bench-check bench-parser bench-flood bench-balance bench-plots
bench-xdp: $(B)/bench/bench_xdp $(BENCH_BPF) all
	$(Q)bench/run.sh xdp
bench-check: $(B)/bench/bench_xdp $(BENCH_BPF)
	$(Q)$< --rounds 1 --repeat 10000
bench-parser: $(B)/bench/bench_parser
	$(Q)bench/run.sh parser
bench-flood: deps-bench
	$(Q)$(MAKE) --no-print-directory all lab $(BENCH_BPF)
	$(Q)bench/run.sh flood
bench-balance: deps-lab
	$(Q)$(MAKE) --no-print-directory all $(B)/bench/bench_balance $(BENCH_BPF)
	$(Q)bench/run.sh balance
bench-plots: deps-bench
	$(Q)bench/plots.sh
bench-track: $(B)/bench/bench_track
	$(Q)bench/run.sh track

# ---- installing ----

install: all $(MAN)
	$(Q)install/install.sh install "$(DESTDIR)"
uninstall:
	$(Q)install/install.sh uninstall "$(DESTDIR)"

clean:
	$(Q)rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# Run the programs themselves.
$(O)/tests/unit/test_ctl_command $(O)/tests/unit/test_ctl_files $(O)/tests/unit/test_ctl_send: $(O)/sipxdpctl
$(O)/tests/unit/test_daemon_program $(O)/tests/unit/test_daemon_pool: $(O)/sipxdpctl $(O)/sipxdpd
