# Uproar's build. `make help` lists the targets. One build directory a kind of build: BUILD=build by default.

BUILD ?= build
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all

# These come before anything is configured: they install what configure asks for, or need nothing.
ifneq ($(filter-out run check check-asan check-tsan valgrind conformance conformance-asan fuzz fuzz-fast fuzz-afl fuzz-coverage recovery-coverage clean help,$(or $(MAKECMDGOALS),all)),)
include $(BUILD)/config.mk
endif

Q := $(if $(V),,@)
SILENT := $(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $(V)$(SILENT),,@printf '  %-5s %s\n' $(1) $(2))

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
override CFLAGS += -std=gnu11 $(MODE_FLAGS) $(WARNINGS) -D_GNU_SOURCE -DUPROAR_VERSION='"$(VERSION)"' -I. -I$(BUILD)/gen
LIBS := -luring -lcrypto -lz -lconfig -lsqlite3 -lpq -lseccomp -lpthread $(ALLOCATOR)

# COVERED: files whose branches are counted (tests/recovery/coverage).
ifdef COVERED
$(COVERED:%.c=$(BUILD)/%.o): MODE_FLAGS += --coverage
endif

sources = $(sort $(shell find $(1) -name '*.c' 2>/dev/null))
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

PROTO := $(call sources,proto)
CORE := $(call sources,engine/core)
MAIN := $(wildcard engine/ops/main.c)
ENGINE := $(filter-out $(MAIN),$(call sources,engine))
RING := $(wildcard engine/core/ring*.c engine/core/clock.c)
ASSETS := $(sort $(wildcard engine/ops/assets/*))
GEN := $(if $(ASSETS),$(BUILD)/gen/assets.o)
UNIT := $(call sources,tests/unit)
SIM := $(call sources,tests/sim)
# A folder of tools/ is a program from its main.c on. The other files can have unit tests, in tests/unit/tools/NAME.
TOOLS := $(sort $(patsubst tools/%/main.c,%,$(wildcard tools/*/main.c)))
TESTED := $(foreach tool,$(TOOLS),$(if $(wildcard tests/unit/tools/$(tool)), \
	$(filter-out tools/$(tool)/main.c,$(call sources,tools/$(tool)))))
# Libraries that engine/ops alone needs, and one program alone by its name.
LIBS_ops := -lcurl -lssl
LIBS_report := -lcairo -ljansson
LIBS_tested := $(foreach tool,$(TOOLS),$(if $(wildcard tests/unit/tools/$(tool)),$(LIBS_$(tool)))) -lm
BENCHES := $(patsubst perf/bench/%.c,$(BUILD)/%,$(wildcard perf/bench/bench_*.c))
# A floor is a program; the other files of its folder are what all floors share.
FLOORS := $(patsubst perf/floor/%.c,$(BUILD)/%,$(wildcard perf/floor/floor_*.c))
FLOOR_SHARED := $(filter-out perf/floor/floor_%.c,$(wildcard perf/floor/*.c))
# The disk under the tests of power cuts, and who writes to it there.
LOSSYFS_SCRIPT := $(wildcard tests/lossyfs/store_script.c)
LOSSYFS := $(filter-out $(LOSSYFS_SCRIPT),$(wildcard tests/lossyfs/*.c))
# Honest people and attackers, for tests/attack; what is no program there both share.
ATTACK := $(patsubst tests/attack/%.c,$(BUILD)/attack-%,$(filter-out %/wire.c %/tally.c,$(wildcard tests/attack/*.c)))
ATTACK_SHARED := $(filter %/wire.c %/tally.c,$(wildcard tests/attack/*.c))
# Judges of tokens that others have made or changed.
IDENTITY := $(patsubst tests/identity/%.c,$(BUILD)/identity-%,$(wildcard tests/identity/*.c))
# A server that tries what it may not do: its threads' waits are wrapped.
PROBER := $(wildcard tests/sandbox/*.c)
# Peers of scenario `durable` that uproar-load cannot speak to have a generator of their own.
DURABLE := $(wildcard perf/durable/pg_*.c) $(addprefix tools/load/,hist.c process.c machine.c summary.c)
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))

PROGRAMS := $(if $(MAIN),$(BUILD)/uproar) $(patsubst %,$(BUILD)/uproar-%,$(TOOLS))

.PHONY: all run check check-asan check-tsan test-unit test-sim lint bench fuzz attack soak install clean help
.PHONY: attack-build test-unit-build test-sim-build lossyfs-build bench-build floor-build durable-build fuzz-build
.PHONY: sandbox-build identity-build valgrind conformance conformance-asan replay-build compile_commands.json
.PHONY: fuzz-fast fuzz-afl fuzz-coverage api-fuzz recovery-coverage
.DELETE_ON_ERROR:
.SECONDARY:

## all: build the programs (what plain `make` does; V=1 shows the commands)
all: $(PROGRAMS)

## run: install what is missing, build, and serve a page to chat on at port 8080 (ARGS='--listen ...' for more)
run:
	@tools/build/deps.sh run
	@$(MAKE) --no-print-directory -j"$$(nproc)" all
	@exec $(BUILD)/uproar $(ARGS)

## check: install what is missing, and run every test that needs no hours
check:
	@tools/build/deps.sh check
	@BUILD=$(BUILD) tools/build/check.sh

## test-unit, test-sim: one suite alone
test-unit: $(BUILD)/test-unit
	$(BUILD)/test-unit
test-sim: $(BUILD)/test-sim
	$(BUILD)/test-sim

## check-asan: unit tests and simulation under AddressSanitizer and UndefinedBehaviorSanitizer
check-asan:
	@grep -qsx 'MODE := asan' $(BUILD)-asan/config.mk || \
		./configure --build-dir=$(BUILD)-asan --enable-sanitizers >/dev/null
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-asan $(if $(UNIT),test-unit) $(if $(SIM),test-sim)

## check-tsan: several cores over real sockets under ThreadSanitizer (whose map of addresses Criterion cannot share)
check-tsan:
	@grep -qsx 'MODE := tsan' $(BUILD)-tsan/config.mk || \
		./configure --build-dir=$(BUILD)-tsan --enable-tsan >/dev/null
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-tsan all
	@BUILD=$(BUILD)-tsan CORES_MESSAGES=8000 tests/integration/run test_cores.py test_chat.py test_store.py

## conformance, conformance-asan: HTTP beside nginx and haproxy, and Autobahn's 517 cases; those from the sanitizer build
conformance:
	@tools/build/deps.sh conformance
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tests/conformance/http/run
	@BUILD=$(BUILD) tests/conformance/autobahn
conformance-asan:
	@tools/build/deps.sh check
	@grep -qsx 'MODE := asan' $(BUILD)-asan/config.mk || \
		./configure --build-dir=$(BUILD)-asan --enable-sanitizers >/dev/null
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-asan all
	@BUILD=$(BUILD) tests/conformance/autobahn --asan

## valgrind: the simulation over VALGRIND_SEEDS (20) seeds under valgrind's memcheck, without another allocator
VALGRIND_SEEDS ?= 20
valgrind:
	@[ -e $(BUILD)-valgrind/config.mk ] || ./configure --build-dir=$(BUILD)-valgrind --without-mimalloc >/dev/null
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-valgrind test-sim-build
	valgrind -q --error-exitcode=9 $(BUILD)-valgrind/test-sim --seeds $(VALGRIND_SEEDS)

## api-fuzz: the HTTP API against its description, by Schemathesis for API_FUZZ_SECONDS (120)
API_FUZZ_SECONDS ?= 120
api-fuzz: $(PROGRAMS)
	@BUILD=$(BUILD) tests/conformance/api/run $(API_FUZZ_SECONDS)

test-unit-build: $(BUILD)/test-unit
test-sim-build: $(BUILD)/test-sim
lossyfs-build: $(BUILD)/lossyfs $(LOSSYFS_SCRIPT:tests/lossyfs/%.c=$(BUILD)/%)
bench-build: $(BENCHES)
floor-build: $(FLOORS)
identity-build: $(IDENTITY)
sandbox-build: $(BUILD)/sandbox_prober
durable-build: $(BUILD)/pg_insert $(BUILD)/store_fill
fuzz-build: $(FUZZERS)
replay-build: $(FUZZERS:$(BUILD)/fuzz_%=$(BUILD)/replay_%)

## lint: layers, symbols, sizes, format, headers, banned functions, each as a ratchet
lint: $(call objects,$(PROTO))
	@BUILD=$(BUILD) tools/lint/lint.sh

## bench: nanoseconds and bytes a second of the hot parts, against a floor in the same run
bench: $(BENCHES) $(FLOORS)
	@mkdir -p perf/reports
	@BUILD=$(BUILD) tools/build/bench.sh

## fuzz: install what is missing, and every fuzz target (or TARGETS) for FUZZ_SECONDS (60) each
FUZZ_SECONDS ?= 60
fuzz:
	@tools/build/deps.sh fuzz
	@$(MAKE) --no-print-directory -j"$$(nproc)" fuzz-build
	@BUILD=$(BUILD) tools/build/fuzz.sh $(FUZZ_SECONDS) $(TARGETS)

## fuzz-fast: the same without AddressSanitizer and without values compared: several times as many inputs
fuzz-fast:
	@tools/build/deps.sh fuzz
	@$(MAKE) --no-print-directory -j"$$(nproc)" BUILD=$(BUILD)-fast $(FUZZ_FAST) fuzz-build
	@BUILD=$(BUILD)-fast WORK=$(BUILD) tools/build/fuzz.sh $(FUZZ_SECONDS) $(TARGETS)

## fuzz-afl: the same with AFL++ as the engine
fuzz-afl:
	@tools/build/deps.sh fuzz
	@$(MAKE) --no-print-directory -j"$$(nproc)" BUILD=$(BUILD)-afl FUZZ_CC='env AFL_USE_ASAN=1 AFL_QUIET=1 afl-clang-fast' \
		FUZZ_FLAGS='-O2 -g' FUZZ_COVER= fuzz-build
	@BUILD=$(BUILD)-afl tools/build/fuzz-afl.sh $(FUZZ_SECONDS) $(TARGETS)

## fuzz-coverage: lines and branches of proto/ that the corpora reach, file by file
fuzz-coverage:
	@tools/build/deps.sh fuzz
	@BUILD=$(BUILD)-coverage tools/build/fuzz-coverage.sh

## recovery-coverage: the recovery code's branches, each that no test takes, and that they become no more (some minutes)
recovery-coverage:
	@tools/build/deps.sh check
	@tests/recovery/coverage

## attack: attackers beside honest people, one attack after the other, each judged (ATTACKS='sends frozen' for some)
attack: $(PROGRAMS) $(ATTACK)
	@BUILD=$(BUILD) tests/attack/run $(ATTACKS)
attack-build: $(ATTACK)

## soak: hours of it: the simulation over SOAK_SEEDS (100000) seeds, SOAK_CUTS (1000) power cuts, SOAK_KILLS (5000) kills
SOAK_SEEDS ?= 100000
SOAK_KILLS ?= 5000
SOAK_CUTS ?= 1000
soak: $(BUILD)/test-sim $(PROGRAMS) lossyfs-build
	$(BUILD)/test-sim --seeds $(SOAK_SEEDS)
	@BUILD=$(BUILD) tests/lossyfs/borders --losses all --deep 2000 --faults-every 1
	@BUILD=$(BUILD) tests/lossyfs/powercut --cuts $(SOAK_CUTS)
	@BUILD=$(BUILD) tests/checker/kill --kills $(SOAK_KILLS)
	@$(MAKE) --no-print-directory valgrind VALGRIND_SEEDS=200

## install: programs into PREFIX/bin (DESTDIR is honoured)
install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin

## clean: forget everything built
clean:
	rm -rf $(BUILD) $(patsubst %,$(BUILD)-%,asan tsan valgrind fast afl coverage recovery mutants)

## compile_commands.json: how each file is compiled, for editors, in BUILD
compile_commands.json: export COMPILE = $(CC) $(CFLAGS)
compile_commands.json:
	@tools/build/compile_commands.sh $(PROTO) $(ENGINE) $(MAIN) $(UNIT) $(SIM) $(LOSSYFS) $(LOSSYFS_SCRIPT) \
		$(wildcard perf/bench/*.c perf/floor/*.c perf/durable/*.c tests/attack/*.c) \
		$(foreach tool,$(TOOLS),$(call sources,tools/$(tool))) >$(BUILD)/$@

## help: this list
help:
	@sed -n 's/^## /  make /p' Makefile
	@echo '  BUILD=DIR names another build directory; ./configure --help has the rest.'

# A build directory that was never configured is; one configured before configure changed is again, with its own options.
$(BUILD)/config.mk: configure
	@./configure $(or $(CONFIGURED),--build-dir=$(BUILD)) >/dev/null

FLAGS_CHANGED := $(BUILD)/config.mk

$(BUILD)/%.o: %.c $(FLAGS_CHANGED)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/embed: tools/build/embed.c $(FLAGS_CHANGED)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 -std=gnu11 $< -o $@ -lz

# The folder's own age tells of a file that is gone.
$(BUILD)/gen/assets.c: $(BUILD)/embed $(ASSETS) $(wildcard engine/ops/assets)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(BUILD)/embed $(ASSETS) >$@

$(BUILD)/gen/assets.o: $(BUILD)/gen/assets.c
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/uproar: $(call objects,$(MAIN) $(ENGINE) $(PROTO)) $(GEN)
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $(LDFLAGS) $^ -o $@ $(LIBS) $(LIBS_ops)

define tool_rule
$$(BUILD)/uproar-$(1): $$(call objects,$$(call sources,tools/$(1)) $$(CORE) $$(PROTO))
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(MODE_FLAGS) $$(LDFLAGS) $$^ -o $$@ $$(LIBS) $$(LIBS_$(1)) -lm
endef
$(foreach tool,$(TOOLS),$(eval $(call tool_rule,$(tool))))

# Calls that a test can have refused go by tests/unit/refused.c.
REFUSED := open poll clock_mono_ns $(shell sed -n 's/^REFUSED[^a-zA-Z]*\([a-zA-Z0-9_]*\).*/\1/p' tests/unit/tbl/refused.h 2>/dev/null)
$(BUILD)/test-unit: tests/unit/tbl/refused.h
$(BUILD)/test-unit: $(call objects,$(UNIT) $(ENGINE) $(TESTED) $(PROTO)) $(GEN)
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $(LDFLAGS) $(REFUSED:%=-Wl,--wrap=%) $(filter %.o,$^) -o $@ $(LIBS) $(LIBS_ops) $(LIBS_tested) \
		-lcriterion

# The engine as it is, but for the ring and the clock; and of what starts and stops it the data directory.
$(BUILD)/test-sim: $(call objects,$(SIM) $(filter-out $(RING) engine/ops/%,$(ENGINE)) engine/ops/data.c $(PROTO))
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $(LDFLAGS) $^ -o $@ $(LIBS)

$(BUILD)/lossyfs: $(call objects,$(LOSSYFS))
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $(LDFLAGS) $^ -o $@ -lfuse3

$(BUILD)/attack-%: $(BUILD)/tests/attack/%.o $(call objects,$(ATTACK_SHARED))
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $(LDFLAGS) $^ -o $@

$(BUILD)/store_script: $(call objects,$(LOSSYFS_SCRIPT) $(ENGINE) $(PROTO)) $(GEN)
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $(LDFLAGS) $^ -o $@ $(LIBS) $(LIBS_ops)

$(BUILD)/sandbox_prober: $(call objects,$(PROBER) $(ENGINE) $(PROTO)) $(GEN)
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $(LDFLAGS) -Wl,--wrap=ring_collect,--wrap=sigtimedwait,--wrap=pthread_setname_np $^ -o $@ $(LIBS) $(LIBS_ops)

$(BUILD)/identity-%: $(BUILD)/tests/identity/%.o $(call objects,$(ENGINE) $(PROTO)) $(GEN)
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $(LDFLAGS) $^ -o $@ $(LIBS) $(LIBS_ops)

$(BUILD)/bench_%: $(BUILD)/perf/bench/bench_%.o $(call objects,$(ENGINE) $(PROTO)) $(GEN)
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $(LDFLAGS) $^ -o $@ $(LIBS) $(LIBS_ops) -lm

$(BUILD)/floor_%: $(BUILD)/perf/floor/floor_%.o $(call objects,$(FLOOR_SHARED) $(PROTO))
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $(LDFLAGS) $^ -o $@ -luring -lcrypto -lz -lpthread

$(BUILD)/pg_insert: $(call objects,$(DURABLE) $(CORE) $(PROTO))
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $(LDFLAGS) $^ -o $@ $(LIBS) -lpq -lm

$(BUILD)/store_fill: $(call objects,perf/durable/store_fill.c $(filter-out engine/ops/%,$(ENGINE)) $(PROTO))
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $(LDFLAGS) $^ -o $@ $(LIBS)

# Fuzz targets, each with the parts it reads with: by clang with the sanitizers for a fuzzer, and by the usual compiler
# with a plain main (replay.c) for the corpora. PARTS_: sources beside proto; LIBS_: libraries; WRAP_: calls that it answers.
FUZZ_CC ?= clang
FUZZ_FLAGS ?= -O2 -g -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_COVER ?= -fsanitize=fuzzer-no-link
# What only acts the part of the world and judges: coverage of it is of no use, and costs half of the time.
FUZZ_BLIND := tests/sim/% $(filter-out tests/fuzz/fuzz_%,$(wildcard tests/fuzz/*.c))
override FUZZ_FLAGS += -std=gnu11 -D_GNU_SOURCE -DUPROAR_VERSION='"$(VERSION)"' -I.
FUZZ_LINK ?= -fsanitize=fuzzer
fuzz_objects = $(patsubst %.c,$(BUILD)/clang/%.o,$(1))
# The edges alone, without each pair of values that is compared: of a target, of a whole engine at work, and where far
# more is compared than says anything (as names of options with each other, for `did you mean`).
FUZZ_NO_PAIRS := -fno-sanitize-coverage=trace-cmp,indirect-calls,stack-depth
FUZZ_EDGES ?= $(if $(FUZZ_COVER),$(FUZZ_COVER) $(FUZZ_NO_PAIRS))
# Without AddressSanitizer and without comparisons: make fuzz-fast. A pointer that is NULL faults by itself; what is not
# aligned, and what is behind an object, are the other build's to find.
FUZZ_FAST = FUZZ_FLAGS='-O2 -g -fsanitize=undefined -fsanitize-trap=undefined -fno-sanitize=null,alignment,object-size' \
	FUZZ_COVER='$(FUZZ_EDGES)'
FUZZ_EDGED := $(addprefix fuzz_,engine session api options moderation bans cli report)
# Tables that are opened and wiped for each input: as large as its few connections need.
FUZZ_SMALL := -DTHROTTLE_ENTRIES=16 -DALLOWANCE_SETS=16 -DPACE_SETS=16 -DTIMER_SLOTS=128 -DSHARD_EVENTS_MAX=128 \
	-DBUSY_SLOTS=16 -DBANS_MAX=128
edge_objects = $(patsubst %.c,$(BUILD)/clang-edges/%.o,$(1))
blind_objects = $(patsubst %.c,$(BUILD)/clang-blind/%.o,$(1))

FUZZ_ENGINE := $(filter-out $(RING) engine/ops/% engine/store/sqlite% engine/store/postgres% engine/store/choose.c,$(ENGINE))
PARTS_fuzz_engine := $(filter-out engine/core/pages.c,$(FUZZ_ENGINE)) engine/ops/data.c $(filter-out tests/sim/main.c,$(SIM)) tests/fuzz/pages_arena.c
PARTS_fuzz_session := $(FUZZ_ENGINE) tests/fuzz/hearing.c tests/sim/ring_fake.c tests/sim/clock_fake.c
PARTS_fuzz_api := $(FUZZ_ENGINE) tests/sim/ring_fake.c tests/sim/clock_fake.c
PARTS_fuzz_room_class := engine/chat/room_class.c engine/core/quantity.c
PARTS_fuzz_moderation := $(addprefix engine/,chat/moderation.c core/hash.c core/slab.c core/pages.c core/check.c)
PARTS_fuzz_bans := $(addprefix engine/,auth/bans.c core/map.c core/hash.c core/names.c core/slab.c core/log.c core/random.c core/clock.c core/check.c) tests/fuzz/pages_arena.c
PARTS_fuzz_keys := $(addprefix engine/,auth/keys.c auth/key.c auth/keys_jwks.c auth/keys_pem.c auth/verified.c core/log.c core/clock.c core/check.c core/map.c core/hash.c core/slab.c core/pages.c)
PARTS_fuzz_api_keys := engine/auth/api_keys.c
PARTS_fuzz_words := engine/store/words.c engine/core/check.c
PARTS_fuzz_snapshot := engine/core/check.c engine/core/names.c
PARTS_fuzz_options := $(addprefix engine/,ops/options.c ops/options_file.c chat/room_class.c core/quantity.c net/listener.c net/networks.c auth/rules.c auth/pattern.c core/check.c)
PARTS_fuzz_url := tools/cli/url.c tools/load/target.c
PARTS_fuzz_scenario := $(addprefix tools/load/,scenario.c scenario_file.c scenario_text.c shape.c sizes.c summary.c hist.c crowd.c) engine/core/check.c
PARTS_fuzz_dialect := $(wildcard tools/load/dialect*.c) tools/load/tokens.c tools/load/payload.c tools/load/filler.c $(addprefix engine/core/,check.c random.c)
PARTS_fuzz_cli := $(addprefix tools/cli/,session.c intake.c flow.c outbox.c element.c text.c escape.c) engine/core/check.c
PARTS_fuzz_report := $(filter-out tools/report/main.c tools/report/page_pdf.c,$(call sources,tools/report))
LIBS_fuzz_engine := -lcrypto -lpthread
LIBS_fuzz_session := $(LIBS_fuzz_engine)
LIBS_fuzz_api := $(LIBS_fuzz_engine)
LIBS_fuzz_keys := -lcrypto
LIBS_fuzz_api_keys := -lcrypto
LIBS_fuzz_dialect := -lcrypto
LIBS_fuzz_options := -lconfig
LIBS_fuzz_scenario := -lconfig -lm
LIBS_fuzz_report := $(LIBS_report) -lm
WRAP_fuzz_bans := -Wl,--wrap=fopen -Wl,--wrap=write -Wl,--wrap=fsync
WRAP_fuzz_options := -Wl,--wrap=config_read_string -Wl,--wrap=config_destroy
WRAP_fuzz_scenario := -Wl,--wrap=fopen $(WRAP_fuzz_options)
WRAP_fuzz_engine := -Wl,--wrap=slab_close
WRAP_fuzz_session := -Wl,--wrap=random_below -Wl,--wrap=write
WRAP_fuzz_api := -Wl,--wrap=write
WRAP_fuzz_url := -Wl,--wrap=getaddrinfo -Wl,--wrap=freeaddrinfo
WRAP_fuzz_report := -Wl,--wrap=json_load_file

$(BUILD)/clang/%.o: %.c $(FLAGS_CHANGED)
	$(call say,FUZZ,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) $(if $(filter $(FUZZ_BLIND),$<),,$(if $(filter tests/fuzz/%,$<),$(FUZZ_EDGES),$(FUZZ_COVER))) \
		-MMD -MP -c $< -o $@

$(BUILD)/clang-edges/%.o: %.c $(FLAGS_CHANGED)
	$(call say,FUZZ,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) $(FUZZ_SMALL) $(if $(filter $(FUZZ_BLIND),$<),,$(FUZZ_EDGES)) -MMD -MP -c $< -o $@

$(BUILD)/clang-blind/%.o: %.c $(FLAGS_CHANGED)
	$(call say,FUZZ,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -MMD -MP -c $< -o $@

# Of proto a target has what it calls: a fuzzer looks at every edge there is, after each input. What the simulation's
# clients say is well formed, so that of the parsers no edge is of interest there.
$(BUILD)/clang/proto.a: $(call fuzz_objects,$(PROTO))
$(BUILD)/clang-edges/proto.a: $(call edge_objects,$(PROTO))
$(BUILD)/clang-blind/proto.a: $(call blind_objects,$(PROTO))
$(BUILD)/clang/proto.a $(BUILD)/clang-edges/proto.a $(BUILD)/clang-blind/proto.a:
	$(Q)rm -f $@ && ar rcs $@ $^
PROTO_fuzz_engine := clang-blind

$(BUILD)/clang-edges/tools/cli/%.o $(BUILD)/clang-edges/tests/fuzz/fuzz_cli.o: override FUZZ_FLAGS += -DSESSION_ROOMS_MAX=4 -DSESSION_ASKS_MAX=16

define fuzz_rule
$$(BUILD)/$(1): $$(call $(if $(filter $(1),$(FUZZ_EDGED)),edge_objects,fuzz_objects),tests/fuzz/$(1).c \
		tests/fuzz/sanitizers.c $$(PARTS_$(1))) $$(BUILD)/$(or $(PROTO_$(1)),clang$(if $(filter $(1),$(FUZZ_EDGED)),-edges))/proto.a
	$$(call say,LINK,$$@)
	$$(Q)$$(FUZZ_CC) $$(FUZZ_FLAGS) $$(FUZZ_LINK) $$(WRAP_$(1)) $$^ -o $$@ -lz $$(LIBS_$(1))
$$(BUILD)/$(1:fuzz_%=replay_%): $$(call objects,tests/fuzz/$(1).c tests/fuzz/replay.c $$(PARTS_$(1)) $$(PROTO))
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(MODE_FLAGS) $$(LDFLAGS) $$(WRAP_$(1)) $$^ -o $$@ -lz $$(LIBS_$(1))
endef
$(foreach target,$(FUZZERS:$(BUILD)/%=%),$(eval $(call fuzz_rule,$(target))))

DEPENDENCIES := $(call objects,$(PROTO) $(ENGINE) $(MAIN) $(UNIT) $(SIM) $(LOSSYFS) $(LOSSYFS_SCRIPT) $(PROBER) \
	$(wildcard perf/bench/*.c perf/floor/*.c perf/durable/*.c tests/attack/*.c tests/fuzz/*.c) \
	$(foreach tool,$(TOOLS),$(call sources,tools/$(tool)))) $(GEN) \
	$(call fuzz_objects,$(PROTO) $(ENGINE) $(SIM) $(wildcard tests/fuzz/*.c tools/*/*.c)) \
	$(call edge_objects,$(PROTO) $(ENGINE) $(SIM) $(wildcard tests/fuzz/*.c tools/*/*.c)) $(call blind_objects,$(PROTO))
-include $(DEPENDENCIES:.o=.d)
