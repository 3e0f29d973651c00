# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real daemons of Debian, each in a cell: namespaces of its own for network, mounts and processes.

In its cell a daemon runs as its package starts it, with the configuration that the package left in
/etc. /etc, /var, /run and /tmp are layers that vanish with the cell: nothing it does there (keys,
databases, pid files) reaches the host, and where a configuration has to be adapted that happens in
the layer. Processes end with the cell, however they detached themselves. The network has a
loopback device and eth0 with a private address.

The test stays outside in its own mount and pid namespace: what portscope says of a daemon is what
an administrator of a host sees of its containers.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile

import lab

ADDRESS = '10.9.8.7'
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1

PREPARE = """
mount -t tmpfs -o mode=755 none /mnt
for d in etc var run; do
    mkdir -p /mnt/$d/up /mnt/$d/work
    chmod 755 /mnt/$d/up
    mount -t overlay -o lowerdir=/$d,upperdir=/mnt/$d/up,workdir=/mnt/$d/work overlay /$d
done
mount -t tmpfs -o mode=1777 none /tmp
ip link set lo up
sysctl -q -w net.ipv6.conf.default.addr_gen_mode=1 2>/dev/null ||
    echo 1 >/proc/sys/net/ipv6/conf/default/addr_gen_mode
ip link add eth0 type veth peer name eth0p
ip addr add 10.9.8.7/24 brd 10.9.8.255 dev eth0
ip link set eth0 up
ip link set eth0p up
cd /
umask 022
# As the installer of Debian writes it; what stands there is the machine's own affair.
printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' >/etc/hosts
# as USER COMMAND...: what a unit of systemd does for `User=`.
as() {
    user=$1
    shift
    setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups "$@"
}
telnet_in_inetd() { # the package leaves its line there, switched off
    sed -i 's/^#<off># telnet/telnet/' /etc/inetd.conf
    grep -q ^telnet /etc/inetd.conf ||
        echo 'telnet stream tcp nowait root /usr/sbin/tcpd /usr/sbin/telnetd' >>/etc/inetd.conf
}
# listens PORT: waits for a listener of IPv4.
listens() {
    until grep -qi ":$(printf %04x "$1") 00000000:0000 0A" /proc/net/tcp; do
        sleep 0.05
    done
}
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \\
        -subj /CN=lab.example -keyout /tmp/lab.key -out /tmp/lab.pem 2>/dev/null
}
mail_certificate() { # the package makes one only where ssl-cert is installed before it
    certificate
    for kind in pem key; do
        [ -e /etc/dovecot/private/dovecot.$kind ] ||
            cp /tmp/lab.$kind /etc/dovecot/private/dovecot.$kind
    done
}
"""

# name → (packages, programs that must be there, how it is started). A command in the foreground
# is put behind, so that the first process of the cell stays its own.
RECIPES = {
    'openssh-server': (['openssh-server'], ['/usr/sbin/sshd'], """
mkdir -p /run/sshd
/usr/sbin/sshd
"""),
    'sshd-on-23': (['openssh-server'], ['/usr/sbin/sshd'], """
mkdir -p /run/sshd
/usr/sbin/sshd -p 23
"""),
    'nginx': (['nginx'], ['/usr/sbin/nginx'], """
sed -i 's/^worker_processes .*/worker_processes 3;/' /etc/nginx/nginx.conf
/usr/sbin/nginx -g 'daemon on; master_process on;'
"""),
    'nginx-tls': (['nginx', 'openssl'], ['/usr/sbin/nginx', '/usr/bin/openssl'], """
certificate
cat >/etc/nginx/sites-enabled/default <<END
server {
    listen 443 ssl;
    listen [::]:443 ssl;
    ssl_certificate /tmp/lab.pem;
    ssl_certificate_key /tmp/lab.key;
}
END
/usr/sbin/nginx -g 'daemon on; master_process on;'
"""),
    # As a site that redirects: the cleartext port is there for those who come to it.
    'nginx-both': (['nginx', 'openssl'], ['/usr/sbin/nginx', '/usr/bin/openssl'], """
certificate
cat >/etc/nginx/sites-enabled/default <<END
server {
    listen 80;
    listen 443 ssl;
    ssl_certificate /tmp/lab.pem;
    ssl_certificate_key /tmp/lab.key;
}
END
/usr/sbin/nginx -g 'daemon on; master_process on;'
"""),
    'vsftpd': (['vsftpd'], ['/usr/sbin/vsftpd'], """
mkdir -p /var/run/vsftpd/empty
/usr/sbin/vsftpd /etc/vsftpd.conf &
"""),
    'vsftpd-on-2121': (['vsftpd'], ['/usr/sbin/vsftpd'], """
mkdir -p /var/run/vsftpd/empty
echo listen_port=2121 >>/etc/vsftpd.conf
/usr/sbin/vsftpd /etc/vsftpd.conf &
"""),
    'inetutils-telnetd': (['inetutils-inetd', 'inetutils-telnetd'],
                          ['/usr/sbin/inetutils-inetd', '/usr/sbin/telnetd'], """
telnet_in_inetd
/usr/sbin/inetutils-inetd
"""),
    'dovecot': (['dovecot-imapd', 'dovecot-pop3d', 'openssl'],
                ['/usr/sbin/dovecot', '/usr/lib/dovecot/imap', '/usr/lib/dovecot/pop3',
                 '/usr/bin/openssl'], """
mail_certificate
/usr/sbin/dovecot
"""),
    'dovecot-imaps': (['dovecot-imapd', 'openssl'],
                      ['/usr/sbin/dovecot', '/usr/lib/dovecot/imap', '/usr/bin/openssl'], """
mail_certificate
cat >/etc/dovecot/local.conf <<END
protocols = imap
ssl = required
service imap-login {
  inet_listener imap {
    port = 0
  }
}
END
/usr/sbin/dovecot
"""),
    'exim4': (['exim4-daemon-light'], ['/usr/sbin/exim4'], """
update-exim4.conf
/usr/sbin/exim4 -bd -q30m
"""),
    'redis-server': (['redis-server'], ['/usr/bin/redis-server'], """
install -d -o redis -g redis /run/redis
as redis /usr/bin/redis-server /etc/redis/redis.conf --supervised no --daemonize no &
"""),
    'redis-password': (['redis-server'], ['/usr/bin/redis-server'], """
install -d -o redis -g redis /run/redis
echo 'requirepass 0n1y-in-the-1ab' >>/etc/redis/redis.conf
as redis /usr/bin/redis-server /etc/redis/redis.conf --supervised no --daemonize no &
"""),
    'redis-open': (['redis-server'], ['/usr/bin/redis-server'], """
install -d -o redis -g redis /run/redis
sed -i 's/^bind .*/bind 0.0.0.0/; s/^protected-mode .*/protected-mode no/' /etc/redis/redis.conf
as redis /usr/bin/redis-server /etc/redis/redis.conf --supervised no --daemonize no &
"""),
    # One that serves nobody but a client beside it.
    'redis-local-client': (['redis-server', 'python3'],
                           ['/usr/bin/redis-server', '/usr/bin/python3'], """
install -d -o redis -g redis /run/redis
sed -i 's/^bind .*/bind 0.0.0.0/' /etc/redis/redis.conf
as redis /usr/bin/redis-server /etc/redis/redis.conf --supervised no --daemonize no &
listens 6379
/usr/bin/python3 -c '
import signal, socket
client = socket.create_connection(("127.0.0.1", 6379))
signal.pause()' &
"""),
    # All of it on one host: what is open decides what is said of its neighbours.
    'small-server': (['openssh-server', 'nginx', 'vsftpd', 'inetutils-inetd', 'inetutils-telnetd',
                      'dovecot-imapd', 'dovecot-pop3d', 'openssl', 'redis-server', 'snmpd',
                      'rsync'],
                     ['/usr/sbin/sshd', '/usr/sbin/nginx', '/usr/sbin/vsftpd',
                      '/usr/sbin/inetutils-inetd', '/usr/sbin/telnetd', '/usr/lib/dovecot/imap',
                      '/usr/lib/dovecot/pop3', '/usr/bin/openssl', '/usr/bin/redis-server',
                      '/usr/sbin/snmpd', '/usr/bin/rsync'], """
mkdir -p /run/sshd /var/run/vsftpd/empty /run/agentx
install -d -o redis -g redis /run/redis
/usr/sbin/sshd
/usr/sbin/nginx -g 'daemon on; master_process on;'
/usr/sbin/vsftpd /etc/vsftpd.conf &
telnet_in_inetd
/usr/sbin/inetutils-inetd
mail_certificate
/usr/sbin/dovecot
as redis /usr/bin/redis-server /etc/redis/redis.conf --supervised no --daemonize no &
/usr/sbin/snmpd -LOw -u Debian-snmp -g Debian-snmp -I -smux,mteTrigger,mteTriggerConf -f &
[ -e /etc/rsyncd.conf ] || : >/etc/rsyncd.conf
/usr/bin/rsync --daemon
"""),
    # What somebody brought along.
    'redis-in-tmp': (['redis-server'], ['/usr/bin/redis-server'], """
install -d -o redis -g redis /run/redis
cp /usr/bin/redis-server /tmp/redis-server
as redis /tmp/redis-server /etc/redis/redis.conf --supervised no --daemonize no &
"""),
    # As after an update without a restart.
    'redis-deleted': (['redis-server'], ['/usr/bin/redis-server'], """
install -d -o redis -g redis /run/redis
cp /usr/bin/redis-server /var/lib/redis-server
as redis /var/lib/redis-server /etc/redis/redis.conf --supervised no --daemonize no &
listens 6379
rm /var/lib/redis-server
"""),
    'python-on-23': (['python3'], ['/usr/bin/python3'], """
/usr/bin/python3 -m http.server --bind 0.0.0.0 23 &
"""),
    'shell-on-4445': (['python3'], ['/usr/bin/python3'], """
/usr/bin/python3 -c '
import os, socket
server = socket.create_server(("0.0.0.0", 4445))
for stream in range(3):
    os.dup2(server.fileno(), stream)
os.execv("/bin/sh", ["sh", "-c", "sleep infinity; :"])' &
"""),
    'memcached': (['memcached'], ['/usr/bin/memcached'], """
install -d -o memcache -g memcache /run/memcached
/usr/share/memcached/scripts/systemd-memcached-wrapper /etc/memcached.conf &
"""),
    'mosquitto': (['mosquitto'], ['/usr/sbin/mosquitto'], """
install -d -m 740 -o mosquitto /run/mosquitto /var/log/mosquitto
/usr/sbin/mosquitto -c /etc/mosquitto/mosquitto.conf &
"""),
    'slapd': (['slapd'], ['/usr/sbin/slapd'], """
install -d -o openldap -g openldap /run/slapd
/usr/sbin/slapd -h 'ldap:/// ldapi:///' -g openldap -u openldap -F /etc/ldap/slapd.d
"""),
    'snmpd': (['snmpd'], ['/usr/sbin/snmpd'], """
mkdir -p /run/agentx
/usr/sbin/snmpd -LOw -u Debian-snmp -g Debian-snmp -I -smux,mteTrigger,mteTriggerConf -f &
"""),
    'rpcbind': (['rpcbind'], ['/sbin/rpcbind'], """
mkdir -p /run/rpcbind
/sbin/rpcbind -f -w &
"""),
    'tftpd-hpa': (['tftpd-hpa'], ['/usr/sbin/in.tftpd'], """
/usr/sbin/in.tftpd --listen --user tftp --address :69 --secure /srv/tftp
"""),
    'dnsmasq': (['dnsmasq'], ['/usr/sbin/dnsmasq'], """
install -d -o dnsmasq /run/dnsmasq
/usr/share/dnsmasq/systemd-helper exec
"""),
    'rsync': (['rsync'], ['/usr/bin/rsync'], """
# The package has no configuration and does not start without one.
[ -e /etc/rsyncd.conf ] || : >/etc/rsyncd.conf
/usr/bin/rsync --daemon
"""),
    'rsync-beside-ssh': (['rsync', 'openssh-server'], ['/usr/bin/rsync', '/usr/sbin/sshd'], """
[ -e /etc/rsyncd.conf ] || : >/etc/rsyncd.conf
mkdir -p /run/sshd
/usr/bin/rsync --daemon
/usr/sbin/sshd
"""),
    'postgresql': (['postgresql'], ['/usr/bin/pg_ctlcluster', '/usr/bin/pg_createcluster'], """
version=$(ls /usr/lib/postgresql | sort -n | tail -n 1)
rm -rf /etc/postgresql/* /var/lib/postgresql/*
pg_createcluster "$version" main -- --no-sync >/tmp/postgresql.log
pg_ctlcluster --skip-systemctl-redirect "$version" main start
"""),
    'samba': (['samba'], ['/usr/sbin/smbd', '/usr/sbin/nmbd'], """
mkdir -p /run/samba
/usr/sbin/nmbd --daemon
/usr/sbin/smbd --daemon
"""),
    'chrony': (['chrony'], ['/usr/sbin/chronyd'], """
# No clock is touched: -x. The unit's User= is chronyd's own -u.
install -d -m 700 -o _chrony -g _chrony /run/chrony
/usr/sbin/chronyd -F 0 -x
"""),
    'rsyslog-udp': (['rsyslog'], ['/usr/sbin/rsyslogd'], """
sed -i '/^#\\(module\\|input\\)(.*"imudp"/s/^#//' /etc/rsyslog.conf
/usr/sbin/rsyslogd -iNONE
"""),
    'rsyslog-tcp': (['rsyslog'], ['/usr/sbin/rsyslogd'], """
sed -i '/^#\\(module\\|input\\)(.*"imtcp"/s/^#//' /etc/rsyslog.conf
/usr/sbin/rsyslogd -iNONE
"""),
    # What tigervncserver :1 comes to: without TLS it stays on loopback. Any eight bytes are a
    # password.
    'tigervnc': (['tigervnc-standalone-server'], ['/usr/bin/Xtigervnc'], """
head -c 8 /dev/urandom >/tmp/passwd
Xtigervnc :1 -localhost=1 -rfbport 5901 -SecurityTypes VncAuth -PasswordFile /tmp/passwd &
"""),
    'tigervnc-open': (['tigervnc-standalone-server'], ['/usr/bin/Xtigervnc'], """
head -c 8 /dev/urandom >/tmp/passwd
Xtigervnc :1 -localhost=0 -rfbport 5901 -SecurityTypes VncAuth -PasswordFile /tmp/passwd &
"""),
}


def missing(name):
    """What a recipe needs and is not there: the names of its packages, or nothing."""
    packages, programs, _ = RECIPES[name]
    return [] if all(os.path.exists(p) for p in programs) else packages


UNSHARE = ('--net', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc')


def enclosed(script):
    """The command that runs a script as the first process of a new cell."""
    return [lab.need_tool('unshare'), *UNSHARE, 'sh', '-ec', PREPARE + script]


def need():
    """Ends the test script where no cell can be made, as in a container that may not mount."""
    lab.need_unshare(*UNSHARE)
    r = subprocess.run(enclosed('true'), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                       text=True)
    lab.need(r.returncode == 0, 'no cell for daemons: ' + r.stderr.strip())


given_up = []


def give_up(test, reason):
    """Skips the rest of a test; where nothing may be skipped it fails."""
    if os.environ.get('PORTSCOPE_CI'):
        test.fail('PORTSCOPE_CI allows no skipping: ' + reason)
    given_up.append(reason)
    test.skipTest(reason)


def main():
    """lab.main(), which counts as skipped where a part was: nobody reads the log of a success."""
    try:
        lab.main()
    except SystemExit as end:
        if not end.code and given_up:
            print('SKIPPED in part: ' + '; '.join(sorted(set(given_up))))
            sys.exit(lab.SKIPPED)
        raise


def isolate():
    # Before exec: the cell ends with the test, whatever ends the test.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Cell:
    """A daemon that was started; ready() waits for its sockets."""

    def __init__(self, name):
        self.name = name
        self.log = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen(
            enclosed(RECIPES[name][2] + '\nexec sleep infinity\n'),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=isolate,
            env={'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
                 'HOME': '/root', 'LC_ALL': 'C.UTF-8'})

    def pids(self):
        """Its processes, by the numbers that they have out here."""
        inside = os.readlink('/proc/%d/ns/pid_for_children' % self.process.pid)
        found = []
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                if os.readlink('/proc/%s/ns/pid' % pid) == inside:
                    found.append(int(pid))
            except OSError:  # it ended meanwhile
                continue
        return found

    def listening(self):
        """What listens in it, as the kernel's tables say: {(protocol, address, port)}."""
        rows = lab.proc_net(self.process.pid)
        return {(r['protocol'], r['local_address'], r['local_port']) for r in rows
                if r['state'] in ('listen', 'unconnected')}

    def ready(self, wanted, seconds=60):
        """Waits until all of the wanted sockets are there."""
        def there():
            if self.process.poll() is not None:
                raise AssertionError('%s ended: %s' % (self.name, self.said()))
            return wanted <= self.listening()
        try:
            lab.wait_for(there, '%s listens' % self.name, seconds)
        except AssertionError as e:
            raise AssertionError('%s; missing %s, there %s, it said: %s' % (
                e, sorted(wanted - self.listening()), sorted(self.listening()), self.said()))

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def document(self, *args, **kw):
        """The parsed --json of portscope as seen in the cell's network."""
        return lab.document(*args, preexec_fn=self.enter_network, **kw)

    def audit(self, *args):
        """What `portscope audit --json` finds there, and its exit status."""
        r = lab.portscope('audit', '--json', *args, preexec_fn=self.enter_network)
        if r.returncode not in (0, 1) or r.stderr:
            raise AssertionError('portscope audit: status %d, stderr %r'
                                 % (r.returncode, r.stderr))
        return json.loads(r.stdout), r.returncode

    def enter_network(self):
        with open('/proc/%d/ns/net' % self.process.pid) as ns:
            if ctypes.CDLL(None, use_errno=True).setns(ns.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), 'setns')

    def end(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
