/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cgroup paths as hosts have them: what systemd, container runtimes and Kubernetes really make,
 * and some that try to pass for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "annotate/unit.h"
#include "util/macros.h"

#define ID   "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
#define ID2  "9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d"
#define POD  "ac04f3f2-1f2c-4f0b-9a8e-0d6c2b7a9e11"
#define POD_ "ac04f3f2_1f2c_4f0b_9a8e_0d6c2b7a9e11"

static const struct {
	const char *path;
	const char *unit;
	const char *runtime;
	const char *id;
	const char *name;
	const char *pod;
} paths[] = {
	/* the system's units */
	{"/", NULL},
	{"/init.scope", "init.scope"},
	{"/system.slice", NULL},
	{"/system.slice/ssh.service", "ssh.service"},
	{"/system.slice/postgresql.slice", NULL},
	{"/system.slice/system-postgresql.slice/postgresql@15-main.service",
		"postgresql@15-main.service"},
	{"/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"},
	{"/system.slice/sshd@3-192.0.2.9:22-198.51.100.7:51514.service",
		"sshd@3-192.0.2.9:22-198.51.100.7:51514.service"},
	{"/system.slice/system-cups.slice/cups.socket", "cups.socket"},
	{"/system.slice/run-user-1000.mount", "run-user-1000.mount"},
	{"/system.slice/dev-disk-by\\x2duuid-aa\\x2dbb.swap", "dev-disk-by-uuid-aa-bb.swap"},
	{"/system.slice/system-systemd\\x2dfsck.slice/systemd-fsck@dev-sda1.service",
		"systemd-fsck@dev-sda1.service"},
	{"/system.slice/caf\\xc3\\xa9.service", "caf\xc3\xa9.service"},
	{"/system.slice/_cgroup.threads.service", "cgroup.threads.service"},
	{"/system.slice/docker.service/libcontainer/x", "docker.service"},
	{"/system.slice/foo.service/payload", "foo.service"},
	{"/system.slice/systemd-udevd.service/udev", "systemd-udevd.service"},
	{"/system.slice/foo.service/system.slice/sshd.service", "foo.service"},
	{"/../../system.slice/ssh.service", "ssh.service"},
	{"/deep.slice/deep-er.slice/deep-er-still.slice/app.service/a/b/c", "app.service"},
	/* users' */
	{"/user.slice/user-1000.slice/session-12.scope", "session-12.scope"},
	{"/user.slice/user-1000.slice/user@1000.service", "user@1000.service"},
	{"/user.slice/user-1000.slice/user@1000.service/init.scope", "user@1000/init.scope"},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/backup.service",
		"user@1000/backup.service"},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/"
	 "app-gnome-org.gnome.Terminal-2211.scope",
		"user@1000/app-gnome-org.gnome.Terminal-2211.scope"},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/"
	 "vte-spawn-0f4e\\x2d11.scope",
		"user@1000/vte-spawn-0f4e-11.scope"},
	{"/user.slice/user-1000.slice/user@1000.service/dbus.service", "user@1000/dbus.service"},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice", "user@1000.service"},
	{"/user.slice/user-7.slice/user@7.service/evil/system.slice/ssh.service", "user@7.service"},
	{"/user.slice/user-7.slice/user@7.service/app.slice/a\\x2f..\\x2fssh.service",
		"user@7/a\\x2f..\\x2fssh.service"},
	{"/user.slice/user-7.slice/user@7.service/app.slice/a\\x00\\x1b\\x5c.service",
		"user@7/a\\x00\\x1b\\x5c.service"},
	{"/user.slice/user-7.slice/user@99999999999.service/app.slice/x.service",
		"user@99999999999.service"},
	/* Docker */
	{"/system.slice/docker-" ID ".scope", "docker-" ID ".scope", "docker", ID},
	{"/docker/" ID, NULL, "docker", ID},
	{"/docker/" ID "/system.slice/nginx.service", NULL, "docker", ID},
	{"/docker/" ID "/docker/" ID2, NULL, "docker", ID},
	{"/system.slice/docker-" ID ".scope/init.scope", "docker-" ID ".scope", "docker", ID},
	{"/system.slice:docker:" ID, NULL, "docker", ID},
	{"/ecstasks.slice/ecstasks-0123.slice/docker-" ID ".scope", "docker-" ID ".scope", "docker",
		ID},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope",
		"user@1000/docker-" ID ".scope", "docker", ID},
	{"/docker/buildkit/abc", NULL},
	{"/system.slice/docker-cleanup.service", "docker-cleanup.service"},
	/* Podman */
	{"/machine.slice/libpod-" ID ".scope", "libpod-" ID ".scope", "podman", ID},
	{"/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", "podman", ID},
	{"/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", "podman", ID},
	{"/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope/container",
		"libpod-" ID ".scope", "podman", ID},
	{"/libpod_parent/libpod-" ID, NULL, "podman", ID},
	{"/libpod_parent/conmon", NULL},
	{"/system.slice/web.service/libpod-payload-" ID, "web.service", "podman", ID},
	{"/system.slice/web.service/runtime", "web.service"},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
		"user@1000/libpod-" ID ".scope", "podman", ID},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/caddy.service/"
	 "libpod-payload-" ID,
		"user@1000/caddy.service", "podman", ID},
	/* containerd and CRI-O, with the pod */
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_
	 ".slice/cri-containerd-" ID ".scope",
		"cri-containerd-" ID ".scope", "containerd", ID, NULL, POD},
	{"/kubepods.slice/kubepods-pod" POD_ ".slice/cri-containerd-" ID ".scope/sub",
		"cri-containerd-" ID ".scope", "containerd", ID, NULL, POD},
	{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
	 "kubelet-kubepods-besteffort-pod" POD_ ".slice/cri-containerd-" ID ".scope",
		"cri-containerd-" ID ".scope", "containerd", ID, NULL, POD},
	{"/kubepods/burstable/pod" POD "/" ID, NULL, "containerd", ID, NULL, POD},
	{"/kubepods/pod" POD "/" ID, NULL, "containerd", ID, NULL, POD},
	{"/kubepods/besteffort/pod" POD "/crio-" ID, NULL, "cri-o", ID, NULL, POD},
	{"/system.slice/containerd.service/kubepods-burstable-pod" POD_ ".slice:cri-containerd:" ID,
		"containerd.service", "containerd", ID, NULL, POD},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" POD_ ".slice/crio-" ID
	 ".scope/container",
		"crio-" ID ".scope", "cri-o", ID, NULL, POD},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" POD_
	 ".slice/crio-conmon-" ID ".scope",
		"crio-conmon-" ID ".scope", "cri-o", ID, NULL, POD},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_ ".slice/docker-" ID
	 ".scope",
		"docker-" ID ".scope", "docker", ID, NULL, POD},
	{"/kubepods.slice/kubepods-burstable.slice", NULL},
	{"/kubepods.slice/kubepods-pod.slice/x.service", "x.service"},
	{"/system.slice/nerdctl-" ID ".scope", "nerdctl-" ID ".scope", "containerd", ID},
	{"/docker/" ID2 "/kubelet/kubepods/burstable/pod" POD "/" ID, NULL, "docker", ID2},
	/* LXC */
	{"/lxc.payload.web-1", NULL, "lxc", "web-1", "web-1"},
	{"/lxc.payload.web_1/system.slice/nginx.service", NULL, "lxc", "web_1", "web_1"},
	{"/lxc.monitor.web-1", NULL, "lxc", "web-1", "web-1"},
	{"/lxc.payload/old", NULL, "lxc", "old", "old"},
	{"/lxc/101/ns/init.scope", NULL, "lxc", "101", "101"},
	{"/lxc/_x", NULL, "lxc", "_x", "_x"},
	{"/system.slice/lxc.service/lxc.payload.a", "lxc.service", "lxc", "a", "a"},
	/* systemd-nspawn and its neighbours */
	{"/machine.slice/systemd-nspawn@deb.service/payload/system.slice/ssh.service",
		"systemd-nspawn@deb.service", "systemd-nspawn", "deb", "deb"},
	{"/machine.slice/systemd-nspawn@deb\\x2d12.service/supervisor",
		"systemd-nspawn@deb-12.service", "systemd-nspawn", "deb-12", "deb-12"},
	{"/machine.slice/machine-deb\\x2d12.scope/payload", "machine-deb-12.scope",
		"systemd-nspawn", "deb-12", "deb-12"},
	{"/machine.slice/deb.scope/payload/init.scope", "deb.scope", "systemd-nspawn", "deb",
		"deb"},
	{"/machine.slice/deb.scope", "deb.scope"},
	{"/machine.slice/machine-qemu\\x2d1\\x2dvm\\x2da.scope/libvirt/emulator",
		"machine-qemu-1-vm-a.scope"},
	{"/machine.slice/machine-lxc\\x2d7\\x2dweb.scope", "machine-lxc-7-web.scope", "lxc", "web",
		"web"},
	{"/machine.slice/machine-qemu.scope", "machine-qemu.scope", "systemd-nspawn", "qemu",
		"qemu"},
	{"/system.slice/machine-x.scope", "machine-x.scope"},
	/* no ids, or not of anybody's */
	{"/system.slice/docker-4f797c53.scope", "docker-4f797c53.scope"},
	{"/docker/4F797C539E6C745DE61A93CA3FF892358ECBCACCD8414D5DB545C38428142970", NULL},
	/* below a parent that somebody chose */
	{"/" ID, NULL, "unknown", ID},
	{"/ecs/0123456789abcdef/" ID, NULL, "unknown", ID},
	{"/ecs/cluster/0123456789abcdef/" ID, NULL, "unknown", ID},
	{"/my.slice/my-own.slice/" ID "/init.scope", NULL, "unknown", ID},
	{"/process_api/c25eacfc3e1d09eb4835e97b8204392c", NULL},
	{"/a:b:c", NULL},
	{"", NULL},
};

static void same(const char *path, const char *what, const char *is, const char *should)
{
	if (!is != !should || (is && strcmp(is, should) != 0))
		fail_msg("%s: %s is %s, not %s", path, what, is ?: "NULL", should ?: "NULL");
}

static void test_paths(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct unit_parts parts;

		assert_int_equal(unit_parse(paths[i].path, &parts), 0);
		same(paths[i].path, "unit", parts.unit, paths[i].unit);
		same(paths[i].path, "runtime", parts.runtime, paths[i].runtime);
		same(paths[i].path, "id", parts.id, paths[i].id);
		same(paths[i].path, "name", parts.name, paths[i].name);
		same(paths[i].path, "pod", parts.pod, paths[i].pod);
		unit_parts_done(&parts);
	}
}

static void test_user(void **state)
{
	struct unit_parts parts;

	assert_int_equal(
		unit_parse("/user.slice/user-1000.slice/user@1000.service/app.slice/a.service",
			&parts),
		0);
	assert_true(parts.has_uid);
	assert_int_equal(parts.uid, 1000);
	unit_parts_done(&parts);
	assert_int_equal(unit_parse("/user.slice/user-1000.slice/session-2.scope", &parts), 0);
	assert_false(parts.has_uid);
	unit_parts_done(&parts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
