/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cgroup ids and paths without a kernel: sets of ids, the text of /proc/PID/cgroup, the mounts in
 * mountinfo. What the kernel itself says is in tests/netns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "collect/cgroup.h"
#include "util/macros.h"

static void test_set(void **state)
{
	static const uint64_t ids[] = {0, 1, 9, 9, 5, 7, 9, 2, 1, UINT64_MAX, 5};
	static const uint64_t sorted[] = {2, 5, 7, 9, UINT64_MAX};
	struct cgroups set = {0};

	assert_null(cgroups_find(&set, 9));
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		assert_int_equal(cgroups_add(&set, ids[i]), 0);
	assert_int_equal(set.count, ARRAY_SIZE(sorted));
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++) {
		assert_int_equal(set.items[i].id, sorted[i]);
		assert_ptr_equal(cgroups_find(&set, sorted[i]), &set.items[i]);
	}
	assert_null(cgroups_find(&set, 1));
	assert_null(cgroups_find(&set, 6));
	for (uint64_t id = 3000; id > 2000; id--)
		assert_int_equal(cgroups_add(&set, id), 0);
	assert_int_equal(set.count, ARRAY_SIZE(sorted) + 1000);
	cgroups_done(&set);
	assert_int_equal(set.count, 0);
}

static void test_path(void **state)
{
	static const struct {
		const char *text;
		const char *path; /**< NULL: none */
	} cases[] = {
		{"0::/system.slice/ssh.service\n", "/system.slice/ssh.service"},
		{"0::/system.slice/ssh.service", "/system.slice/ssh.service"},
		{"0::/\n", "/"},
		{"12:pids:/a\n1:name=systemd:/system.slice/b.service\n", "/system.slice/b.service"},
		{"12:pids:/docker/x\n1:name=systemd:/\n", "/docker/x"},
		{"3:cpu,cpuacct:/first\n2:pids:/second\n", "/first"},
		{"9:name=systemd:/\n4:memory:/process_api/c2\n0::/\n", "/process_api/c2"},
		{"9:name=systemd:/\n0::/\n", "/"},
		/* runc before 1.0 on a hybrid host: cgroup v2 shows the daemon's */
		{"1:name=systemd:/docker/x\n0::/system.slice/containerd.service\n", "/docker/x"},
		{"1:name=systemd:/\n0::/system.slice/a.service\n", "/system.slice/a.service"},
		{"2:pids:/p\n0::/u\n", "/u"},
		{"0::/gone.service (deleted)\n", "/gone.service"},
		{"0::/../../system.slice/a:b.service\n", "/../../system.slice/a:b.service"},
		{"", NULL},
		{"\n", NULL},
		{"0::\n", NULL},
		{"0:\n", NULL},
		{"rubbish\n0::relative\n", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* a copy without a NUL: reading on is seen by the sanitizer */
		size_t length = strlen(cases[i].text), n = 0;
		AUTO_FREE char *text = malloc(length ?: 1);
		const char *path = NULL;
		int r;

		memcpy(text, cases[i].text, length);
		r = cgroup_path_parse(text, length, &path, &n);
		if (!cases[i].path) {
			assert_int_equal(r, -ENOENT);
			assert_null(path);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(n, strlen(cases[i].path));
		assert_memory_equal(path, cases[i].path, n);
	}
}

static void test_mounts(void **state)
{
	char text[] =
		"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
		"32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
		"50 1 0:38 /docker/x /mnt/with\\040blank\\134 rw shared:9 master:2 - cgroup2 c rw\n"
		"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
		"60 1 0:38 / /second rw - cgroup2 cgroup2 rw\n"
		"61 1 0:38 /../.. /third rw - cgroup2 cgroup2 rw\n"
		"62 1 0:38 / /cgroup2 rw - tmpfs cgroup2 rw\n"
		"63 1 0:38 - - cgroup2 cgroup2 rw\n"
		"64 cgroup2\n"
		"- cgroup2\n"
		"\n";
	struct cgroup_mount mounts[4];

	assert_int_equal(cgroup_mounts_parse(text, mounts, ARRAY_SIZE(mounts)), 3);
	assert_string_equal(mounts[0].root, "/");
	assert_string_equal(mounts[0].point, "/sys/fs/cgroup/unified");
	assert_string_equal(mounts[1].root, "/docker/x");
	assert_string_equal(mounts[1].point, "/mnt/with blank\\");
	assert_string_equal(mounts[2].root, "/../..");
}

static void test_mounts_full(void **state)
{
	char text[] = "1 1 0:1 /a /a rw - cgroup2 c rw\n2 1 0:1 /b /b rw - cgroup2 c rw\n";
	struct cgroup_mount mount;

	assert_int_equal(cgroup_mounts_parse(text, &mount, 1), 1);
	assert_string_equal(mount.point, "/a");
}

/** Resolves one id where /proc and the root are invented; returns the warnings' number. */
static size_t resolve(const char *mountinfo, char *directory)
{
	struct warnings warnings = {0};
	struct cgroups set = {0};
	AUTO_CLOSE int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	size_t count;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	if (mountinfo) {
		AUTO_CLOSE int file = -1;

		assert_true(!mkdirat(fd, "self", 0755) || errno == EEXIST);
		file = openat(fd, "self/mountinfo", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		assert_true(file >= 0);
		assert_int_equal(
			write(file, mountinfo, strlen(mountinfo)), (ssize_t)strlen(mountinfo));
	}
	assert_int_equal(cgroups_add(&set, st.st_ino), 0);
	assert_int_equal(
		cgroups_resolve(&set, fd, fd, CGROUP_BY_HANDLE | CGROUP_BY_WALK, &warnings), 0);
	assert_null(set.items[0].path);
	assert_false(warnings_incomplete(&warnings));
	count = warnings.count;
	warnings_done(&warnings);
	cgroups_done(&set);
	return count;
}

/** What cannot be resolved is no failure, but is told. */
static void test_no_hierarchy(void **state)
{
	char directory[] = "/tmp/portscope-test-XXXXXX", path[64];

	assert_non_null(mkdtemp(directory));
	assert_int_equal(resolve(NULL, directory), 1);
	assert_int_equal(resolve("1 1 0:1 / / rw - ext4 x rw\n", directory), 1);
	assert_int_equal(resolve("1 1 0:1 / /missing rw - cgroup2 c rw\n", directory), 1);
	/* an ordinary directory in its place: inode numbers there are no cgroup ids */
	assert_int_equal(resolve("1 1 0:1 / / rw - cgroup2 c rw\n", directory), 1);
	snprintf(path, sizeof(path), "%s/self/mountinfo", directory);
	unlink(path);
	snprintf(path, sizeof(path), "%s/self", directory);
	rmdir(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_mounts_full),
		cmocka_unit_test(test_no_hierarchy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
