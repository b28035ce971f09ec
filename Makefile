# SPDX-License-Identifier: Apache-2.0
# Ordinald, built by GNU make. Read it from top to bottom: what may be set, what
# follows from that, rules, targets. `make help` lists the targets.

# --- what may be set -------------------------------------------------------

VERSION  := 0.1.0
BUILD    ?= build
PREFIX   ?= /usr/local
DESTDIR  ?=
CFLAGS   ?= -O2 -g
# SAN=address,undefined or SAN=thread: build and test under sanitizers
SAN      ?=
# PORTABLE=1: without the calls that only Linux has
PORTABLE ?=
# COVER=1: count executed lines (make cover sets it)
COVER    ?=
JOBS     ?= $(shell nproc 2>/dev/null || echo 2)
FUZZ_SECONDS ?= 60
# the name of the image that `make docker` builds
IMAGE    ?= ordinald
# what `make run` serves, and with which options
RUN_ARGS ?= zones
# the comparison with other servers, where it is at hand (see README)
BENCH_PY ?= ../shared/bench/bench.py

ifeq ($(origin CC),default)
CC := gcc
endif

# --- what each job needs: what is looked for = its Debian package ----------

NEED_RUN  := tool:gcc=gcc file:/usr/include/stdio.h=libc6-dev \
             tool:pkg-config=pkg-config lib:libuv=libuv1-dev \
             lib:yaml-0.1=libyaml-dev lib:liburcu-qsbr=liburcu-dev \
             lib:libsodium=libsodium-dev lib:jansson=libjansson-dev \
             lib:libmicrohttpd=libmicrohttpd-dev \
             lib:libcurl=libcurl4-openssl-dev lib:libcares=libc-ares-dev
NEED_TEST := $(NEED_RUN) lib:cmocka=libcmocka-dev tool:clang=clang \
             tool:dig=bind9-dnsutils tool:nslookup=bind9-dnsutils \
             file:/usr/bin/python3=python3 python:dns=python3-dnspython \
             python:jsonschema=python3-jsonschema python:yaml=python3-yaml \
             file:/usr/sbin/dnsmasq=dnsmasq-base tool:musl-gcc=musl-tools \
             tool:busybox=busybox
# Not installed, since they would run as servers of this machine: etcd-server,
# unbound, bind9; nor, since they are large, Go, Java and Docker. Tests with
# them say so and are skipped.
NEED_FUZZ := $(NEED_TEST) clang-rt:fuzzer=libclang-rt
NEED_LINT := $(NEED_TEST) tool:clang-tidy=clang-tidy tool:cppcheck=cppcheck
NEED_PEERS := $(NEED_TEST) file:/usr/sbin/knotd=knot file:/usr/sbin/nsd=nsd \
             tool:kzonecheck=knot-dnssecutils tool:named-checkzone=bind9-utils
NEED_BENCH := $(NEED_TEST) tool:valgrind=valgrind
NEED_BASE := file:/usr/sbin/debootstrap=debootstrap \
             file:/usr/share/keyrings/debian-archive-keyring.gpg=debian-archive-keyring

# --- what follows ----------------------------------------------------------

comma := ,
empty :=
space := $(empty) $(empty)

# one folder for each way of building, so that they never mix
VARIANT := $(if $(PORTABLE),portable,)$(if $(COVER),-cover,)
VARIANT := $(VARIANT)$(if $(SAN),-san-$(subst $(comma),-,$(SAN)),)
VARIANT := $(patsubst -%,%,$(or $(VARIANT),release))
VARIANT := $(VARIANT)$(if $(findstring clang,$(CC)),-clang,)
OUT     := $(BUILD)/$(VARIANT)
BIN     := $(OUT)/ordinald

SRC       := $(sort $(wildcard src/*/*.c))
HEADERS   := $(sort $(wildcard include/*/*.h src/*/*.h))
MAIN      := src/cli/main.c
TEST_LIB  := $(filter-out %_main.c,$(sort $(wildcard tests/lib/*.c)))
UNIT      := $(sort $(wildcard tests/unit/test_*.c))
SCENARIO  := $(sort $(wildcard tests/scenario/*.c))
FUZZ      := $(sort $(wildcard tests/fuzz/fuzz_*.c))
BENCH     := $(sort $(wildcard tests/bench/*.c))
SYSTEM    := $(sort $(wildcard tests/system/test_*.py))
# PORTABLE=1 is another way to use sockets, and commands have one thread: what
# shows nothing new there is left out
ifneq ($(PORTABLE),)
SYSTEM := $(patsubst %,tests/system/test_%.py,acceptance clients flood \
    forward hold lame_duck reload_load torture transport vectors)
endif
ifneq ($(findstring thread,$(SAN)),)
SYSTEM := $(filter-out $(patsubst %,tests/system/test_%.py,check \
    check_formats health peers_command peers_dns peers_resolv),$(SYSTEM))
endif
C_FILES   := $(SRC) $(wildcard tests/*/*.c)

objects    = $(patsubst %.c,$(OUT)/obj/%.o,$(1))
LIB_OBJ   := $(call objects,$(filter-out $(MAIN),$(SRC)))
UNIT_BIN  := $(UNIT:tests/unit/%.c=$(OUT)/tests/%)
STORY_BIN := $(if $(SCENARIO),$(OUT)/tests/scenario)
REPLAY    := $(FUZZ:tests/fuzz/fuzz_%.c=$(OUT)/tests/replay_%)
FUZZ_BIN  := $(FUZZ:tests/fuzz/%.c=$(OUT)/fuzz/%)
BENCH_BIN := $(BENCH:tests/bench/%.c=$(OUT)/bench/%)

# asked once, and only when something is compiled: `make run` on a bare system
# installs pkg-config first
once       = $(eval $(1) := $$(shell $(2)))$($(1))
LIBS      := libuv yaml-0.1 liburcu-qsbr libsodium jansson libmicrohttpd \
             libcurl libcares
LIB_CFLAGS  = $(call once,LIB_CFLAGS,pkg-config --cflags $(LIBS))
LIB_LDLIBS  = $(call once,LIB_LDLIBS,pkg-config --libs $(LIBS)) -lm
TEST_CFLAGS = $(call once,TEST_CFLAGS,pkg-config --cflags cmocka)
TEST_LDLIBS = $(call once,TEST_LDLIBS,pkg-config --libs cmocka)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wundef -Wvla -Wformat=2 -Werror
LANGUAGE := -std=gnu17 -D_GNU_SOURCE -iquote include -pthread \
            -DORDINALD_VERSION='"$(VERSION)"' \
            $(if $(PORTABLE),-DORDINALD_PORTABLE)

# Hardening costs nothing measurable here. Sanitizers bring their own checks,
# and _FORTIFY_SOURCE wants an optimising compiler.
PLAIN     := $(if $(SAN)$(COVER),,yes)
HARDEN    := -fPIE -fstack-protector-strong \
    $(if $(PLAIN),$(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),\
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3))
HARDEN_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack
# What sanitizers add confuses gcc's warnings about sizes and initialisation, so
# they are no errors there; they are where nothing is added.
SANITIZE  := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all \
    -fno-omit-frame-pointer -Wno-error) $(if $(COVER),--coverage -O0)

# The hot path is five modules; gcc makes one function of it at link time, which
# takes 80 instructions off a query. Objects also hold plain code: tests link it.
LTO       := $(if $(PLAIN),$(if $(findstring clang,$(CC)),,-flto=auto))

compile    = $(CC) $(LANGUAGE) $(WARNINGS) $(CFLAGS) $(HARDEN) $(SANITIZE) \
             $(if $(LTO),$(LTO) -ffat-lto-objects) $(CPPFLAGS) $(LIB_CFLAGS)
link       = $(CC) $(CFLAGS) -pthread $(HARDEN_LD) $(SANITIZE) $(LDFLAGS)
link_test  = $(link) $(if $(LTO),-fno-lto)
# tests count and refuse allocations (tests/lib/fault.h)
wrap      := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

# How tests are run. ThreadSanitizer of gcc 12 cannot live with the address
# randomisation of newer kernels, so it is switched off for them where allowed.
export ORDINALD_BIN := $(abspath $(BIN))
export ORDINALD_SAN := $(SAN)
export ORDINALD_LAB ?= $(abspath $(BUILD)/lab)
export ASAN_OPTIONS := detect_stack_use_after_return=1
export UBSAN_OPTIONS := print_stacktrace=1
export TSAN_OPTIONS := suppressions=$(CURDIR)/tests/lib/tsan.supp
export CMOCKA_MESSAGE_OUTPUT := TAP
export PYTHONDONTWRITEBYTECODE := 1
PREFIXED   = $(if $(findstring thread,$(SAN)),$(call once,PREFIXED,\
    setarch -R true 2>/dev/null && echo setarch -R))
RUN_TESTS  = $(PREFIXED) tests/lib/run -j $(JOBS)
DEPS      := tests/lib/deps

# as many jobs as there are cores, unless the caller says otherwise
ifeq ($(MAKELEVEL)$(filter clean,$(MAKECMDGOALS)),0)
MAKEFLAGS += -j$(JOBS)
endif
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:

# --- rules -----------------------------------------------------------------

.PHONY: all
all: $(BIN) ## build build/release/ordinald (SAN=, PORTABLE=1, CC=clang: beside it)

# objects are made anew when the way of compiling changes
$(OUT)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(compile))' | cmp -s - $@ || \
	    echo '$(subst ','\'',$(compile))' > $@

.PHONY: FORCE
FORCE:

$(OUT)/obj/src/%.o: src/%.c $(OUT)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(compile) -MMD -MP -c -o $@ $<

$(OUT)/obj/tests/%.o: tests/%.c $(OUT)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(compile) $(TEST_CFLAGS) -iquote tests -MMD -MP -c -o $@ $<

# before anything is compiled: which package a missing header is in
.PHONY: libraries test-libraries
libraries test-libraries:
	@pkg-config --exists $(LIBS) $(if $(findstring test,$@),cmocka) \
	    2>/dev/null || { \
	    echo "make: libraries are missing; 'make deps' installs them" >&2; \
	    exit 1; }

$(call objects,$(SRC)): | libraries
$(call objects,$(UNIT) $(TEST_LIB)): | test-libraries

$(BIN): $(call objects,$(SRC))
	@echo "  LINK  $@"
	@$(link) $(LTO) -o $@ $^ $(LIB_LDLIBS)

# an archive: each program takes what it uses (not all of them have cmocka)
$(OUT)/tests/lib.a: $(call objects,$(TEST_LIB))
	@mkdir -p $(@D)
	@rm -f $@
	@ar rcs $@ $^

$(OUT)/tests/test_%: $(OUT)/obj/tests/unit/test_%.o $(LIB_OBJ) \
        $(OUT)/tests/lib.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(link_test) $(wrap) -o $@ $^ $(LIB_LDLIBS) $(TEST_LDLIBS)

$(OUT)/tests/scenario: $(call objects,$(SCENARIO)) $(OUT)/tests/lib.a $(LIB_OBJ)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(link_test) $(wrap) -o $@ $^ $(LIB_LDLIBS)

# a fuzz target fed with its corpus by a plain main(): needs no clang
$(OUT)/tests/replay_%: $(OUT)/obj/tests/fuzz/fuzz_%.o \
        $(OUT)/obj/tests/lib/replay_main.o $(LIB_OBJ)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(link_test) -o $@ $^ $(LIB_LDLIBS)

$(OUT)/fuzz/%: $(OUT)/obj/tests/fuzz/%.o $(LIB_OBJ)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(link_test) -fsanitize=fuzzer -o $@ $^ $(LIB_LDLIBS)

$(OUT)/bench/%: $(OUT)/obj/tests/bench/%.o $(OUT)/tests/lib.a $(LIB_OBJ)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(link_test) -o $@ $^ $(LIB_LDLIBS)

-include $(shell find $(OUT)/obj -name '*.d' 2>/dev/null)

# --- running ---------------------------------------------------------------

define TRY
Try in another terminal:
    dig -p 5300 @127.0.0.1 SRV mongo-service.mongo.svc.cluster.local
    dig -p 5300 @127.0.0.1 mongo-statefulset-0.mongo-service.mongo.svc.cluster.local
    dig -p 5300 @127.0.0.1 +tcp -x 10.233.102.153
    sed -i 's/replicas: 3/replicas: 5/' zones/mongo.yaml   # ordinals 3 and 4 answer at once
endef
export TRY

.PHONY: run
run: ## install what is missing, build, serve zones/ on 127.0.0.1:5300
	@$(DEPS) $(NEED_RUN)
	@$(MAKE) all
	@echo "$$TRY"
	@exec $(BIN) serve $(RUN_ARGS)

# --- testing ---------------------------------------------------------------

.PHONY: test
test: ## install what is missing, build with gcc and clang, run all tests
	@$(DEPS) $(NEED_TEST)
	@$(MAKE) CC=clang all
	@! command -v go >/dev/null || \
	    tests/coredns/lab build $(ORDINALD_LAB) coredns || \
	    echo "make: without CoreDNS: tests behind it are skipped" >&2
	@$(MAKE) check-all

.PHONY: tests
tests: $(BIN) $(UNIT_BIN) $(STORY_BIN) $(REPLAY)

STORIES = $(if $(SCENARIO),-- $(STORY_BIN) tests/scenario/*.scn)
REPLAYS = $(foreach r,$(REPLAY),-- $(r) \
    $(r:$(OUT)/tests/replay_%=tests/fuzz/corpus/%))
UNITS   = $(foreach u,$(UNIT_BIN),-- $(u))
SYSTEMS = $(foreach s,$(SYSTEM),-- /usr/bin/python3 $(s))

.PHONY: check
check: tests ## unit tests, scenarios, fuzz corpora (SAN=, PORTABLE=1: system too)
	@$(RUN_TESTS) $(UNITS) $(STORIES) $(REPLAYS) \
	    $(if $(SAN)$(PORTABLE),--one-by-one $(SYSTEMS))

.PHONY: check-all
check-all: tests
	@$(RUN_TESTS) $(UNITS) $(STORIES) $(REPLAYS) --one-by-one $(SYSTEMS)

.PHONY: system
system: $(BIN) ## the real binary, real sockets, dig, nslookup, dnspython
	@$(RUN_TESTS) --one-by-one $(SYSTEMS)

.PHONY: peers
peers: ## answers beside those of Knot and NSD, zone files through their checkers
	@$(DEPS) $(NEED_PEERS)
	@$(MAKE) all
	@$(RUN_TESTS) --one-by-one -- /usr/bin/python3 tests/system/test_peers.py \
	    -- /usr/bin/python3 tests/system/test_zone.py

.PHONY: coredns
coredns: $(BIN) ## beside real Kubernetes and CoreDNS (Go 1.26; first 15 minutes)
	@tests/coredns/lab build $(ORDINALD_LAB)
	@$(RUN_TESTS) --one-by-one -- /usr/bin/python3 tests/system/test_coredns.py \
	    -- /usr/bin/python3 tests/system/test_behind_coredns.py \
	    -- /usr/bin/python3 tests/system/test_controller.py \
	    -- /usr/bin/python3 tests/system/test_kubernetes.py

.PHONY: fuzz
fuzz: ## feed each parser noise for FUZZ_SECONDS=60 each (clang)
	@$(DEPS) $(NEED_FUZZ)
	@$(MAKE) CC=clang SAN=fuzzer-no-link,address,undefined fuzz-run

.PHONY: fuzz-run
fuzz-run: $(FUZZ_BIN)
	@set -e; for f in $(FUZZ_BIN); do name=$${f##*/fuzz_}; \
	    mkdir -p $(OUT)/found/$$name; echo "fuzz $$name"; \
	    $$f -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=10 \
	        -verbosity=0 -print_final_stats=1 \
	        -artifact_prefix=$(OUT)/found/$$name- \
	        $(OUT)/found/$$name tests/fuzz/corpus/$$name; \
	done

.PHONY: cover
cover: ## which lines of src/ the tests execute
	@$(DEPS) $(NEED_TEST)
	@status=0; $(MAKE) COVER=1 CC=gcc check-all || status=$$?; \
	    tests/lib/cover $(BUILD)/cover/obj; exit $$status

.PHONY: bench
bench: ## instructions per query; the comparison where BENCH_PY is there
	@$(DEPS) $(NEED_BENCH)
	@$(MAKE) all bench-programs
	@tests/bench/run $(OUT)/bench $(BENCH_PY)

.PHONY: bench-programs
bench-programs: $(BENCH_BIN)

# --- judging ---------------------------------------------------------------

.PHONY: lint
lint: ## clang-tidy, cppcheck, gcc -fanalyzer
	@$(DEPS) $(NEED_LINT)
	@$(MAKE) lint-tidy lint-cppcheck lint-analyzer
	@echo "lint: nothing found in $(words $(SRC)) files"

# what clang-tidy says beside findings ("N warnings suppressed") is dropped
.PHONY: lint-tidy
lint-tidy: $(SRC:%.c=$(BUILD)/tidy/%.ok)

$(BUILD)/tidy/%.ok: %.c $(HEADERS) .clang-tidy
	@mkdir -p $(@D)
	@echo "  TIDY  $<"
	@clang-tidy --quiet --warnings-as-errors='*' $< -- \
	    $(filter-out -Werror,$(LANGUAGE) $(WARNINGS)) $(LIB_CFLAGS) \
	    2>$@.err || { cat $@.err; exit 1; }
	@touch $@

.PHONY: lint-cppcheck
lint-cppcheck:
	@echo "  CPPCHECK src"
	@cppcheck --quiet --std=c11 --language=c -j $(JOBS) --error-exitcode=1 \
	    --enable=warning,performance,portability --inline-suppr \
	    --suppress=missingIncludeSystem --suppress=unknownMacro \
	    --suppress=normalCheckLevelMaxBranches \
	    --suppress='*:/usr/include/*' -D_GNU_SOURCE \
	    --suppressions-list=tests/lib/cppcheck.supp \
	    -DORDINALD_VERSION='"$(VERSION)"' -I include src

# Of gcc's analyzer, what it cannot know is left out: it loses sight of memory
# and descriptors that are kept, and calls elements of arrays NULL.
# LeakSanitizer and clang's analyzer look after both.
.PHONY: lint-analyzer
lint-analyzer: $(SRC:%.c=$(BUILD)/analyzer/%.ok)

$(BUILD)/analyzer/%.ok: %.c $(HEADERS)
	@mkdir -p $(@D)
	@echo "  ANALYZE $<"
	@gcc $(LANGUAGE) $(WARNINGS) -O2 -fanalyzer -Wno-analyzer-malloc-leak \
	    -Wno-analyzer-null-dereference -Wno-analyzer-possible-null-dereference \
	    -Wno-analyzer-allocation-size -Wno-analyzer-fd-leak \
	    $(LIB_CFLAGS) -c -o /dev/null $< && touch $@

.PHONY: layers
layers: ## a folder includes only folders above it; each header stands alone
	@tests/lib/layers base dns doc model source zone answer net admin daemon check cli
	@$(MAKE) headers
	@echo "layers: in order"

.PHONY: headers
headers: $(HEADERS:%=$(BUILD)/headers/%.ok)

$(BUILD)/headers/%.ok: % $(HEADERS)
	@mkdir -p $(@D)
	@$(CC) $(LANGUAGE) $(WARNINGS) $(LIB_CFLAGS) -iquote $(dir $<) \
	    -include $< -fsyntax-only -x c /dev/null && touch $@

.PHONY: format
format: ## lay out all C files as .clang-format says
	@$(DEPS) tool:clang-format=clang-format
	@clang-format -i $(C_FILES) $(HEADERS) $(wildcard tests/lib/*.h)

# --- containers ------------------------------------------------------------

.PHONY: docker
docker: ## build the image IMAGE=ordinald:VERSION
	@docker/build $(IMAGE) $(VERSION)

.PHONY: docker-base
docker-base: ## make the image it is built on, where there is no registry
	@docker/engine
	@$(DEPS) $(NEED_BASE)
	@docker/base

# --- the rest --------------------------------------------------------------

.PHONY: build-deps
build-deps:
	@$(DEPS) $(NEED_RUN)

.PHONY: deps
deps: ## install what running and testing need (Debian)
	@$(DEPS) $(NEED_TEST)

.PHONY: install
install: all ## to DESTDIR/PREFIX/bin, examples to share/doc/ordinald
	install -D -m 0755 $(BIN) $(DESTDIR)$(PREFIX)/bin/ordinald
	install -d $(DESTDIR)$(PREFIX)/share/doc/ordinald/zones
	install -m 0644 README.md LICENSE $(DESTDIR)$(PREFIX)/share/doc/ordinald
	install -m 0644 $(wildcard zones/*) \
	    $(DESTDIR)$(PREFIX)/share/doc/ordinald/zones

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/ordinald
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/ordinald

.PHONY: clean
clean: ## remove everything that was built
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' \
	    $(firstword $(MAKEFILE_LIST))
