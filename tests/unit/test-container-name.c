/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of containers, from the files that runtimes leave below an invented root directory; and
 * the index that puts them beside their cgroups.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "annotate/unit-index.h"
#include "util/macros.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

struct fixture {
	char root[32];
	int fd;
	struct warnings warnings;
	struct unit_index *index;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->root, "/tmp/portscope-test-XXXXXX");
	assert_non_null(mkdtemp(f->root));
	f->fd = open(f->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->fd >= 0);
	assert_int_equal(unit_index_open(f->fd, &f->warnings, &f->index), 0);
	*state = f;
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_null(unit_index_close(f->index));
	warnings_done(&f->warnings);
	close(f->fd);
	nftw(f->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/** Makes a file below the root, with its directories. */
static void put(const struct fixture *f, const char *path, const char *text)
{
	AUTO_FREE char *copy = strdup(path);
	FILE *file;
	int fd;

	for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		assert_true(!mkdirat(f->fd, copy, 0755) || errno == EEXIST);
		*slash = '/';
	}
	fd = openat(f->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static const struct portscope_container *get(struct fixture *f, const char *path)
{
	const struct unit *unit;

	assert_int_equal(unit_index_add(f->index, path), 0);
	unit = unit_index_by_path(f->index, path);
	assert_non_null(unit);
	assert_string_equal(unit->cgroup, path);
	assert_non_null(unit->container);
	return unit->container;
}

static void test_docker(void **state)
{
	struct fixture *f = *state;

	put(f, "var/lib/docker/containers/" A "/config.v2.json",
		"{\"ID\":\"" A "\",\"Name\":\"/web\"}");
	put(f, "etc/docker/daemon.json", "{\"data-root\": \"/srv/docker\"}");
	put(f, "srv/docker/containers/" B "/config.v2.json", "{\"Name\":\"/db\"}");
	assert_string_equal(get(f, "/docker/" A)->name, "web");
	assert_string_equal(get(f, "/system.slice/docker-" B ".scope")->name, "db");
	assert_null(get(f, "/docker/" C)->name);
	/* cgroupfs names Docker's and containerd's pods alike: who has it, tells */
	assert_string_equal(get(f, "/kubepods/podx/" A)->runtime, "docker");
	assert_string_equal(get(f, "/kubepods/podx/" C)->runtime, "containerd");
	assert_int_equal(f->warnings.count, 0);
}

static void test_podman(void **state)
{
	struct fixture *f = *state;

	put(f, "var/lib/containers/storage/overlay-containers/containers.json",
		"[{\"id\":\"" C "\"},{\"id\":\"" A "\",\"names\":[\"web\",\"alias\"]}]");
	put(f, "var/lib/containers/storage/overlay-containers/volatile-containers.json",
		"[{\"id\":\"" B "\",\"names\":[\"once\"]}]");
	assert_string_equal(get(f, "/machine.slice/libpod-" A ".scope/container")->name, "web");
	assert_string_equal(get(f, "/machine.slice/libpod-" B ".scope")->name, "once");
	assert_null(get(f, "/machine.slice/libpod-" C ".scope")->name);
	/* another user's containers are not root's */
	assert_null(get(
		f, "/user.slice/user-4242.slice/user@4242.service/user.slice/libpod-" A ".scope")
			    ->name);
}

static void test_rootless(void **state)
{
	struct fixture *f = *state;
	const struct passwd *me = getpwuid(geteuid());
	char path[512];

	if (!me || me->pw_dir[0] != '/')
		skip();
	snprintf(path, sizeof(path),
		"%s/.local/share/containers/storage/overlay-containers/containers.json",
		me->pw_dir + 1);
	put(f, path, "[{\"id\":\"" A "\",\"names\":[\"mine\"]}]");
	snprintf(path, sizeof(path), "/user.slice/user@%u.service/user.slice/libpod-" A ".scope",
		geteuid());
	assert_string_equal(get(f, path)->name, "mine");
	snprintf(path, sizeof(path), "/user.slice/user@%u.service/user.slice/libpod-" A ".scope",
		geteuid() + 1);
	assert_null(get(f, path)->name);
}

static void test_kubernetes(void **state)
{
	struct fixture *f = *state;

	put(f, "var/lib/containers/storage/overlay-containers/containers.json",
		"[{\"id\":\"" A "\",\"names\":[\"k8s_nginx_web-0_default_uid_0\"]}]");
	put(f, "run/containerd/io.containerd.runtime.v2.task/k8s.io/" B "/config.json",
		"{\"annotations\":{\"io.kubernetes.cri.container-name\":\"api\"}}");
	put(f, "run/containerd/io.containerd.runtime.v2.task/default/" C "/config.json",
		"{\"annotations\":{\"nerdctl/name\":\"tool\"}}");
	assert_string_equal(get(f, "/kubepods/podx/crio-" A)->name, "nginx");
	assert_string_equal(get(f, "/kubepods/podx/" B)->name, "api");
	assert_string_equal(get(f, "/kubepods/podx/" B)->pod, "x");
	assert_string_equal(get(f, "/system.slice/nerdctl-" C ".scope")->name, "tool");
}

/** State that is broken or no state at all is told and does no harm. */
static void test_broken(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "{\"Name\":[]}", "{\"Name\":null}",
		"null", "\xff", "{\"Name\":\"\"}"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char id[65], path[128];

		snprintf(id, sizeof(id), "%064zx", i);
		snprintf(path, sizeof(path), "var/lib/docker/containers/%s/config.v2.json", id);
		put(f, path, texts[i]);
		snprintf(path, sizeof(path), "/docker/%s", id);
		assert_null(get(f, path)->name);
	}
	assert_true(f->warnings.count > 0);
	for (size_t i = 0; i < f->warnings.count; i++)
		assert_true(f->warnings.items[i].incomplete);
}

/** A pipe in the place of a file must not hold the reader. */
static void test_pipe(void **state)
{
	struct fixture *f = *state;
	char path[192];

	put(f, "var/lib/docker/containers/" A "/x", "");
	snprintf(path, sizeof(path), "%s/var/lib/docker/containers/" A "/config.v2.json", f->root);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_null(get(f, "/docker/" A)->name);
}

static void test_index(void **state)
{
	struct fixture *f = *state;
	struct cgroups set = {0};
	const struct unit *first;
	char path[64];

	assert_null(unit_index_by_path(f->index, "/system.slice/ssh.service"));
	assert_null(unit_index_by_path(f->index, NULL));
	assert_null(unit_index_by_id(f->index, 1));
	assert_int_equal(unit_index_add(f->index, "/system.slice/ssh.service"), 0);
	first = unit_index_by_path(f->index, "/system.slice/ssh.service");
	assert_string_equal(first->unit, "ssh.service");
	assert_null(first->container);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/system.slice/u%u.service", i);
		assert_int_equal(cgroups_add(&set, 5000 - i), 0);
		if (i % 2)
			cgroups_find(&set, 5000 - i)->path = strdup(path);
		assert_int_equal(unit_index_add(f->index, path), 0);
	}
	assert_int_equal(unit_index_add_cgroups(f->index, &set), 0);
	assert_int_equal(unit_index_add_cgroups(f->index, &set), 0);
	/* what was handed out before the index grew still holds */
	assert_ptr_equal(first, unit_index_by_path(f->index, "/system.slice/ssh.service"));
	for (unsigned i = 0; i < 1000; i++) {
		const struct unit *by_path, *by_id = unit_index_by_id(f->index, 5000 - i);

		snprintf(path, sizeof(path), "/system.slice/u%u.service", i);
		by_path = unit_index_by_path(f->index, path);
		assert_string_equal(by_path->cgroup, path);
		if (i % 2)
			assert_ptr_equal(by_id, by_path);
		else
			assert_null(by_id);
	}
	assert_null(unit_index_by_path(f->index, "/system.slice/u1000.service"));
	cgroups_done(&set);
}

/** Below a parent that somebody chose, the runtime is the one that knows the container. */
static void test_unknown_runtime(void **state)
{
	struct fixture *f = *state;
	const struct portscope_container *c;

	put(f, "var/lib/docker/containers/" A "/config.v2.json", "{\"Name\":\"/web\"}");
	put(f, "var/lib/containers/storage/overlay-containers/containers.json",
		"[{\"id\":\"" B "\",\"names\":[\"db\"]}]");
	c = get(f, "/ecs/cluster/0123/" A);
	assert_string_equal(c->runtime, "docker");
	assert_string_equal(c->name, "web");
	c = get(f, "/mine.slice/" B);
	assert_string_equal(c->runtime, "podman");
	assert_string_equal(c->name, "db");
	c = get(f, "/mine.slice/" C);
	assert_string_equal(c->runtime, "unknown");
	assert_string_equal(c->id, C);
	assert_null(c->name);
}

#define CARRIED(_runtime, _container, _by_id, _uid)                                                \
	(&(struct carried){_runtime, (char *)(_container), _by_id, _uid})

/** A proxy is told by the address that it forwards to. */
static void test_carrier(void **state)
{
	struct fixture *f = *state;
	const struct unit *unit;

	put(f, "var/lib/docker/containers/" A "/config.v2.json",
		"{\"Name\":\"/web\",\"NetworkSettings\":{\"Networks\":{\"bridge\":"
		"{\"IPAddress\":\"172.17.0.2\",\"GlobalIPv6Address\":\"fd00::2\"}}}}");
	put(f, "var/lib/docker/containers/" B "/config.v2.json",
		"{\"Name\":\"/db\",\"NetworkSettings\":{\"Networks\":{\"bridge\":"
		"{\"IPAddress\":\"172.17.0.22\"}}}}");
	put(f, "var/lib/docker/containers/" C "/config.v2.json", "{}");
	assert_int_equal(unit_index_add_carrier(f->index, "/system.slice/docker.service",
				 CARRIED("docker", "172.17.0.2", false, 0), &unit),
		0);
	assert_string_equal(unit->unit, "docker.service");
	assert_string_equal(unit->cgroup, "/system.slice/docker.service");
	assert_string_equal(unit->container->runtime, "docker");
	assert_string_equal(unit->container->name, "web");
	assert_string_equal(unit->container->id, A);
	assert_int_equal(unit_index_add_carrier(f->index, "/system.slice/docker.service",
				 CARRIED("docker", "fd00::2", false, 0), &unit),
		0);
	assert_string_equal(unit->container->name, "web");
	assert_int_equal(unit_index_add_carrier(f->index, "/system.slice/docker.service",
				 CARRIED("docker", "172.17.0.9", false, 0), &unit),
		0);
	assert_null(unit->container);
	/* conmon says the id. */
	put(f, "var/lib/containers/storage/overlay-containers/containers.json",
		"[{\"id\":\"" C "\",\"names\":[\"cache\"]}]");
	assert_int_equal(
		unit_index_add_carrier(f->index, "/a.slice", CARRIED("podman", C, true, 0), &unit),
		0);
	assert_string_equal(unit->container->name, "cache");
	assert_int_equal(unit_index_add_carrier(
				 f->index, "/a.slice", CARRIED("podman", "../x", true, 0), &unit),
		0);
	assert_null(unit->container);
	/* A user's container is none of root's, whatever the cgroup, and the user's word. */
	assert_int_equal(
		unit_index_add_carrier(f->index, "/a.slice", CARRIED("podman", C, true, 1), &unit),
		0);
	assert_string_equal(unit->container->id, C);
	assert_null(unit->container->name);
	assert_true(unit->users_own);
	assert_int_equal(
		unit_index_add_carrier(f->index, "/a.slice", CARRIED("podman", C, true, 0), &unit),
		0);
	assert_string_equal(unit->container->name, "cache");
	assert_false(unit->users_own);
	/* The daemon itself is in none. */
	assert_int_equal(unit_index_add(f->index, "/system.slice/docker.service"), 0);
	assert_null(unit_index_by_path(f->index, "/system.slice/docker.service")->container);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unknown_runtime, setup, teardown),
		cmocka_unit_test_setup_teardown(test_carrier, setup, teardown),
		cmocka_unit_test_setup_teardown(test_docker, setup, teardown),
		cmocka_unit_test_setup_teardown(test_podman, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rootless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kubernetes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pipe, setup, teardown),
		cmocka_unit_test_setup_teardown(test_index, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
