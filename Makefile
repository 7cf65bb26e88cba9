# Uproar's build. `make help` lists the targets. One build directory a kind of build: BUILD=build by default.

BUILD ?= build
# These come before anything is configured: they install what configure asks for, or need nothing.
ifneq ($(filter-out run check help clean,$(or $(MAKECMDGOALS),all)),)
-include $(BUILD)/config.mk
endif

VERSION := 0.1.0
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
override CFLAGS += -std=gnu11 $(MODE_FLAGS) $(WARNINGS) -D_GNU_SOURCE -DUPROAR_VERSION='"$(VERSION)"' -I. -I$(BUILD)/gen
LIBS := -luring -lcrypto -lz -lconfig -lpthread $(ALLOCATOR)

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
TOOLS := $(sort $(patsubst tools/%/,%,$(dir $(wildcard tools/cli/*.c tools/load/*.c tools/tune/*.c tools/report/*.c))))
BENCHES := $(patsubst perf/bench/%.c,$(BUILD)/%,$(wildcard perf/bench/bench_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))

PROGRAMS := $(if $(MAIN),$(BUILD)/uproar) $(patsubst %,$(BUILD)/uproar-%,$(TOOLS))

.PHONY: test-unit-build test-sim-build fuzz-build all run check check-asan check-tsan test-unit test-sim lint bench fuzz soak install clean help deps
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS) ## build the programs (default)

## run: install what is missing, build, and serve a page to chat on at port 8080
run:
	@tools/build/deps.sh run
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@exec $(BUILD)/uproar --data data

## check: install what is missing, and run every test that needs no hours
check:
	@tools/build/deps.sh check
	@tools/build/check.sh

## test-unit, test-sim: one suite alone
test-unit: $(BUILD)/test-unit
	$(BUILD)/test-unit
test-sim: $(BUILD)/test-sim
	$(BUILD)/test-sim

## check-asan, check-tsan: unit tests and simulation under the sanitizers
check-asan check-tsan: check-%:
	@./configure --build-dir=build-$* $(if $(filter asan,$*),--enable-sanitizers,--enable-tsan) >/dev/null
	@$(MAKE) --no-print-directory BUILD=build-$* test-unit $(if $(SIM),test-sim)

test-unit-build: $(BUILD)/test-unit
test-sim-build: $(BUILD)/test-sim
fuzz-build: $(FUZZERS)

## lint: layers, symbols, sizes, format, banned functions
lint: $(call objects,$(PROTO))
	@BUILD=$(BUILD) tools/lint/lint.sh

## bench: nanoseconds and bytes a second of the hot parts, against a floor in the same run
bench: $(BENCHES)
	@mkdir -p perf/reports
	@BUILD=$(BUILD) tools/build/bench.sh

## fuzz: every fuzz target for FUZZ_SECONDS (60) each
FUZZ_SECONDS ?= 60
fuzz: $(FUZZERS)
	@BUILD=$(BUILD) tools/build/fuzz.sh $(FUZZ_SECONDS)

## soak: the simulation over many seeds (SOAK_SEEDS, 100000)
SOAK_SEEDS ?= 100000
soak: $(BUILD)/test-sim
	$(BUILD)/test-sim --seeds $(SOAK_SEEDS)

## install: programs into PREFIX/bin (DESTDIR is honoured)
install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin

## clean: forget everything built
clean:
	rm -rf $(BUILD) build-asan build-tsan build-fuzz

## help: this list
help:
	@sed -n 's/^## /  make /p' Makefile

# A build directory that was never configured, or before configure changed, is configured first.
$(BUILD)/config.mk: configure
	@./configure --build-dir=$(BUILD) >/dev/null || ./configure --build-dir=$(BUILD)

FLAGS_CHANGED := $(BUILD)/config.mk

$(BUILD)/%.o: %.c $(FLAGS_CHANGED)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/embed: tools/build/embed.c $(FLAGS_CHANGED)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 -std=gnu11 $< -o $@ -lz

$(BUILD)/gen/assets.c: $(BUILD)/embed $(ASSETS)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(BUILD)/embed $(ASSETS) >$@

$(BUILD)/gen/assets.o: $(BUILD)/gen/assets.c
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS) -c $< -o $@

link = $(call say,LINK,$@); $(CC) $(MODE_FLAGS) $^ -o $@ $(LIBS)

$(BUILD)/uproar: $(call objects,$(MAIN) $(ENGINE) $(PROTO)) $(GEN)
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $^ -o $@ $(LIBS)

define tool_rule
$$(BUILD)/uproar-$(1): $$(call objects,$$(call sources,tools/$(1)) $$(CORE) $$(PROTO))
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(MODE_FLAGS) $$^ -o $$@ $$(LIBS) -lm
endef
$(foreach tool,$(TOOLS),$(eval $(call tool_rule,$(tool))))

$(BUILD)/test-unit: $(call objects,$(UNIT) $(ENGINE) $(PROTO)) $(GEN)
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $^ -o $@ $(LIBS) -lcriterion

# The engine as it is, but for the ring and the clock.
$(BUILD)/test-sim: $(call objects,$(SIM) $(filter-out $(RING) engine/ops/%,$(ENGINE)) $(PROTO))
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $^ -o $@ $(LIBS)

$(BUILD)/bench_%: $(BUILD)/perf/bench/bench_%.o $(call objects,$(ENGINE) $(PROTO)) $(GEN)
	$(call say,LINK,$@)
	$(Q)$(CC) $(MODE_FLAGS) $^ -o $@ $(LIBS) -lm

# Fuzz targets see proto alone, built anew by clang with the sanitizers.
$(BUILD)/fuzz_%: tests/fuzz/fuzz_%.c $(PROTO) $(FLAGS_CHANGED)
	$(call say,FUZZ,$@)
	$(Q)clang -std=gnu11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -D_GNU_SOURCE -I. \
		$< $(PROTO) -o $@ -lz

$(BUILD)/compile_commands.json: $(FLAGS_CHANGED)
	@tools/build/compile_commands.sh "$(CC) $(CFLAGS)" $(PROTO) $(CORE) $(MAIN) $(ENGINE) $(UNIT) $(SIM) >$@

-include $(patsubst %.o,%.d,$(call objects,$(PROTO) $(ENGINE) $(MAIN) $(UNIT) $(SIM) $(foreach t,$(TOOLS),$(call sources,tools/$(t)))))
