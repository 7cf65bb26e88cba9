/* What is read of a cgroup of either version, from files that the test writes; the process's own from the kernel. */
#include <criterion/criterion.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/ops/memory.h"

static char root[64], self[96];
static struct memory memory;

static void put(const char *path, const char *format, ...)
{
	char full[512];
	va_list arguments;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = 0;
		mkdir(full, 0700);
		*at = '/';
	}
	FILE *file = fopen(full, "w");

	cr_assert_not_null(file, "%s", full);
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	fclose(file);
}

static void setup(void)
{
	snprintf(root, sizeof(root), "/tmp/test-memory-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	snprintf(self, sizeof(self), "%s/self", root);
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *at)
{
	(void)stat, (void)kind, (void)at;
	return remove(path);
}

static void teardown(void)
{
	memory_close(&memory);
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(memory, .init = setup, .fini = teardown);

static void open_with(uint64_t budget)
{
	memory_open(&memory, budget, root, self);
}

Test(memory, nothing_to_keep_to_is_no_pressure)
{
	open_with(0);
	cr_assert_eq(memory_permille(&memory), 0);
}

Test(memory, a_group_of_version_2_without_what_files_hold)
{
	put("self", "0::/a/b\n");
	put("a/b/memory.max", "1000000\n");
	put("a/b/memory.current", "900000\n");
	put("a/b/memory.stat", "anon 5\nfile 7\ninactive_file 100000\nactive_file 1000\nslab 5\n");
	open_with(0);
	cr_assert_eq(memory.limit, 1000000);
	cr_assert_eq(memory_permille(&memory), 799);
	put("a/b/memory.current", "901000\n");
	cr_assert_eq(memory_permille(&memory), 800, "read anew each time");
	put("a/b/memory.stat", "inactive_file 10000000\n");
	cr_assert_eq(memory_permille(&memory), 0);
}

Test(memory, the_limit_of_a_group_above)
{
	put("self", "0::/a/b\n");
	put("a/b/memory.max", "max\n");
	put("a/memory.max", "2000\n");
	put("a/memory.current", "1000\n");
	open_with(0);
	cr_assert_eq(memory_permille(&memory), 500);
}

Test(memory, in_a_container_the_root_is_the_group)
{
	put("self", "0::/not/seen/from/here\n");
	put("memory.max", "2000\n");
	put("memory.current", "400\n");
	open_with(0);
	cr_assert_eq(memory_permille(&memory), 200);
}

Test(memory, no_limit_is_none)
{
	put("self", "0::/a\n");
	put("a/memory.max", "max\n");
	put("a/memory.current", "1000\n");
	put("memory.max", "max\n");
	open_with(0);
	cr_assert_eq(memory.limit, 0);
	cr_assert_eq(memory_permille(&memory), 0);
}

Test(memory, a_group_of_version_1)
{
	put("self", "9:cpu:/x\n4:memory:/a\n0::/\n");
	put("memory/a/memory.limit_in_bytes", "1000\n");
	put("memory/a/memory.usage_in_bytes", "950\n");
	put("memory/a/memory.stat", "cache 1\nhierarchical_memory_limit 1000\ninactive_file 0\ntotal_inactive_file 30\n"
				    "total_active_file 20\n");
	open_with(0);
	cr_assert_eq(memory_permille(&memory), 900);
}

Test(memory, version_1_without_a_limit_says_a_great_number)
{
	put("self", "4:memory:/a\n0::/\n");
	put("memory/a/memory.limit_in_bytes", "9223372036854771712\n");
	put("memory/a/memory.usage_in_bytes", "950\n");
	open_with(0);
	cr_assert_eq(memory_permille(&memory), 0);
}

Test(memory, of_the_budget_the_process_s_own_counts)
{
	uint32_t before, after;
	char *bytes;

	open_with(200 << 20);
	before = memory_permille(&memory);
	cr_assert_gt(before, 0);
	bytes = malloc(50 << 20);
	memset(bytes, 1, 50 << 20);
	after = memory_permille(&memory);
	cr_assert_geq(after, before + 245);
	cr_assert_leq(after, before + 260);
	free(bytes);
}

Test(memory, the_nearer_bound_counts)
{
	put("self", "0::/a\n");
	put("a/memory.max", "1000\n");
	put("a/memory.current", "850\n");
	open_with(1ull << 40);
	cr_assert_eq(memory_permille(&memory), 850);
}
