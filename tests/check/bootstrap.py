# SPDX-License-Identifier: LGPL-2.1-or-later
"""./bootstrap, on made-up systems: a copy of it is run with a PATH that holds the tools of a bare
system and such compilers and package managers as the case wants, which write down their calls."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import tree

ROOT = sys.argv.pop(1) if len(sys.argv) > 1 else "."
BARE = ("awk cat chmod dirname env grep mkdir mktemp paste rm sed sh sort tail tr").split()
MANAGERS = {"apt": "apt-get", "dnf": "dnf", "pacman": "pacman", "apk": "apk", "zypper": "zypper"}
# What stands for the tools of a build that works.
TOOLS = {
    "cc": "cat >/dev/null",
    "pkg-config": "",
    "python3": "",
    "ninja": "",
    "meson": """
case $1 in
--version) echo 1.0.1 ;;
setup) mkdir -p build && echo x >build/build.ninja ;;
compile) echo 'echo "listing $*"' >build/portscope && chmod +x build/portscope ;;
esac""",
}


class Bootstrap(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.bin = os.path.join(self.folder.name, "bin")
        self.calls = os.path.join(self.folder.name, "calls")
        self.policy = os.path.join(self.folder.name, "policy-rc.d")
        os.mkdir(self.bin)
        shutil.copy(os.path.join(ROOT, "bootstrap"), self.folder.name)
        for tool in BARE:
            os.symlink(shutil.which(tool), os.path.join(self.bin, tool))
        self.fake("id", "echo 0")

    def fake(self, name, body):
        path = os.path.join(self.bin, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\necho "{name} $*" >>{self.calls}\n{body}\n')
        os.chmod(path, 0o755)

    def fake_tools(self):
        for name, body in TOOLS.items():
            self.fake(name, body)

    def run_it(self, *arguments):
        shell = shutil.which("dash") or "/bin/sh"
        result = subprocess.run(
            [shell, "./bootstrap", *arguments], cwd=self.folder.name,
            env={"PATH": self.bin, "BOOTSTRAP_POLICY": self.policy},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False)
        return result.returncode, result.stdout, result.stderr

    def called(self, name):
        if not os.path.exists(self.calls):
            return []
        with open(self.calls, encoding="utf-8") as f:
            return [line.strip() for line in f if line.split()[0] == name]

    def test_help(self):
        status, out, err = self.run_it("--help")
        self.assertEqual((status, err), (0, ""))
        for word in ("build", "list", "test", "deps", "packages", "--no-install"):
            self.assertIn(word, out)

    def test_wrong_usage(self):
        for culprit, *arguments in (
            ("--nonsense", "--nonsense"), ("--nonsense", "--nonsense", "build"),
            ("nonsense", "nonsense"), ("build", "build", "x"), ("pip", "packages", "pip"),
        ):
            status, out, err = self.run_it(*arguments)
            self.assertEqual((status, out), (2, ""), arguments)
            self.assertIn(culprit, err)

    def test_packages(self):
        lists = {}
        for manager in MANAGERS:
            status, out, _ = self.run_it("packages", manager)
            self.assertEqual(status, 0)
            names = out.split()
            self.assertIn("meson", names)
            self.assertIn("clang", names)
            self.assertTrue(any("libmnl" in name for name in names), out)
            self.assertFalse([name for name in names if not name.strip("-+")], out)
            lists[manager] = out
        self.assertEqual(len(set(lists.values())), len(MANAGERS))
        self.assertNotIn("bpftool", self.run_it("--without-bpf", "packages", "apt")[1])

    def test_nothing_missing_calls_no_manager(self):
        self.fake_tools()
        self.fake("apt-get", "exit 1")
        status, out, err = self.run_it("--without-bpf", "list", "--json")
        self.assertEqual((status, out), (0, "listing -l --json\n"), err)
        self.assertEqual(self.called("apt-get"), [])
        self.assertIn("meson setup -Dbpf=disabled build", self.called("meson"))

    def test_installs_with_each_manager(self):
        for manager, command in MANAGERS.items():
            self.fake(command, "")
            status, _, err = self.run_it("--without-bpf")
            self.assertEqual(status, 1, "it claims what no package brought")
            self.assertIn("still missing: ", err)
            self.assertIn("libmnl", err)
            install = [c for c in self.called(command) if "libmnl" in c]
            self.assertTrue(install and " meson" in install[0], (manager, self.called(command)))
            os.unlink(os.path.join(self.bin, command))

    def test_installs_then_builds(self):
        made = "".join(
            f"cat >{self.bin}/{name} <<'END'\n#!/bin/sh\n{body}\nEND\nchmod +x {self.bin}/{name}\n"
            for name, body in TOOLS.items())
        self.fake("apt-get", f'case "$*" in *" install "*) ;; *) exit 0 ;; esac\n{made}')
        status, out, err = self.run_it("--without-bpf", "list")
        self.assertEqual((status, out), (0, "listing -l\n"), err)

    def test_optional_packages_may_be_unknown(self):
        self.fake_tools()
        self.fake("apt-get", 'case "$*" in *bpftool*) exit 100 ;; esac')
        status, _, err = self.run_it()
        self.assertEqual(status, 0, err)
        self.assertIn("going on without: ", err)
        self.assertTrue(self.called("apt-get"))
        os.unlink(self.calls)
        status, _, err = self.run_it()
        self.assertEqual((status, self.called("apt-get")), (0, []), err)

    def test_daemons_stay_down(self):
        """Those of the lab are installed, on Debian, but do not run afterwards."""
        self.fake_tools()
        self.fake("apt-get", f'case "$*" in *" install "*) cat {self.policy} >>{self.calls} ;; esac')
        self.assertIn("nginx", self.run_it("packages", "apt")[1].split())
        self.assertNotIn("nginx", self.run_it("packages", "dnf")[1].split())
        self.run_it("deps")
        with open(self.calls, encoding="utf-8") as f:
            self.assertIn("exit 101\n", f)
        self.assertFalse(os.path.exists(self.policy), "it is left behind")
        # A policy that is there already is nobody's to change.
        with open(self.policy, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nexit 0\n")
        self.run_it("deps")
        with open(self.policy, encoding="utf-8") as f:
            self.assertEqual(f.read(), "#!/bin/sh\nexit 0\n")
        # Who only builds gets neither.
        os.unlink(self.policy)
        os.unlink(self.calls)
        self.run_it("build")
        self.assertNotIn("nginx", " ".join(self.called("apt-get")))

    def test_no_install(self):
        self.fake("apt-get", "")
        status, _, err = self.run_it("--no-install")
        self.assertEqual((status, self.called("apt-get")), (1, []))
        self.assertIn("missing: ", err)

    def test_without_a_manager(self):
        status, _, err = self.run_it()
        self.assertEqual(status, 1)
        self.assertIn("install these yourself: ", err)
        self.assertIn("libmnl", err)

    def test_without_privilege(self):
        self.fake("apt-get", "")
        self.fake("id", "echo 1000")
        status, _, err = self.run_it()
        self.assertEqual((status, self.called("apt-get")), (1, []))
        self.assertIn("neither sudo nor doas", err)
        self.fake("sudo", 'exec "$@"')
        self.run_it()
        self.assertTrue(self.called("sudo"))
        self.assertTrue(self.called("apt-get"))

    def test_build_failure_is_shown(self):
        self.fake_tools()
        self.fake("meson", "case $1 in --version) echo 1.0.1 ;; *) echo broken; exit 1 ;; esac")
        status, _, err = self.run_it("--without-bpf")
        self.assertEqual(status, 1)
        self.assertIn("    broken", err)


if __name__ == "__main__":
    if os.path.exists("/usr/sbin/sed"):
        tree.skip("/usr/sbin holds everything here: no bare system can be made up")
    unittest.main()
