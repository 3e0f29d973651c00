/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of programs, from what their packages install, and its reading. */
#include "rules/evidence.h"

#include <fnmatch.h>
#include <string.h>

#include "registry/registry.h"
#include "util/macros.h"

#define WEB  "http http-alt http-dev https https-alt"
#define MAIL "smtp submission submissions smtps lmtp"
/* What super-servers speak themselves, and what they are there to start. */
#define INETD                                                                                      \
	"echo discard chargen daytime time systat netstat qotd ftp telnet exec login shell "       \
	"finger "                                                                                  \
	"tftp talk ntalk ident pop2 pop3 imap rsync"
/** The kernel cuts comm to this (TASK_COMM_LEN less the final NUL). */
#define COMM_LENGTH 15

/* clang-format off */
static const struct program programs[] = {
	/* Remote login and files. */
	{"sshd", "ssh", NULL, false},
	{"dropbear", "ssh", NULL, false},
	{"in.telnetd", "telnet", "telnet", false},
	{"telnetd", "telnet", "telnet", false},
	{"utelnetd", "telnet", "telnet", false},
	{"in.rshd", "shell", "shell", false},
	{"rshd", "shell", "shell", false},
	{"in.rlogind", "login", "login", false},
	{"rlogind", "login", "login", false},
	{"in.rexecd", "exec", "exec", false},
	{"rexecd", "exec", "exec", false},
	{"in.rwhod", "who", NULL, false},
	{"rwhod", "who", NULL, false},
	{"vsftpd", "ftp ftp-data ftps ftps-data", "ftp", false},
	{"proftpd", "ftp ftp-data ftps ftps-data ssh", "ftp", false},
	{"pure-ftpd*", "ftp ftp-data ftps ftps-data", "ftp", false},
	{"in.ftpd", "ftp ftp-data", "ftp", false},
	{"ftpd", "ftp ftp-data", "ftp", false},
	{"in.tftpd", "tftp", "tftp", false},
	{"tftpd", "tftp", "tftp", false},
	{"atftpd", "tftp", "tftp", false},
	{"rsync", "rsync", "rsync", false},
	{"smbd", "netbios-ssn microsoft-ds smb", "microsoft-ds", false},
	{"nmbd", "netbios-ns netbios-dgm", NULL, false},
	{"samba", "netbios-ssn microsoft-ds ldap kerberos domain epmap", NULL, true},
	{"afpd", "afpovertcp", NULL, false},
	{"ganesha.nfsd", "nfs", NULL, false},
	{"rpcbind", "sunrpc", NULL, false},
	{"tgtd", "iscsi-target", NULL, false},
	{"svnserve", "svn", "svn", false},
	{"git-daemon", "git", "git", false},
	/* Super-servers and what carries anything. */
	{"inetd", INETD, NULL, true},
	{"inetutils-inetd", INETD, NULL, true},
	{"xinetd", INETD, NULL, true},
	{"haproxy", WEB, NULL, true},
	{"envoy", WEB, NULL, true},
	{"traefik", WEB, NULL, true},
	{"beam.smp", "amqp amqps rabbitmq-mgmt couchdb epmd", NULL, true},
	{"qemu-system-*", "rfb vnc-display vnc", NULL, true},
	/* The web. */
	{"nginx", WEB, NULL, false},
	{"apache2", WEB, NULL, false},
	{"httpd", WEB, NULL, true},
	{"lighttpd", WEB, NULL, false},
	{"caddy", WEB " caddy-admin", NULL, false},
	{"varnishd", WEB, NULL, false},
	{"squid", "squid", "squid", false},
	{"php-fpm*", "php-fpm", "php-fpm", false},
	{"minio", "minio minio-console", NULL, false},
	/* Mail and news. */
	{"*/postfix/sbin/master", MAIL, NULL, false},
	{"*/postfix/master", MAIL, NULL, false},
	{"exim", MAIL, NULL, false},
	{"exim4", MAIL, NULL, false},
	{"sendmail*", MAIL, NULL, false},
	{"*/opensmtpd/smtpd", MAIL, NULL, false},
	{"dovecot", "imap imaps pop3 pop3s submission submissions sieve lmtp", NULL, false},
	{"couriertcpd", "imap imaps pop3 pop3s " MAIL, NULL, true},
	{"*/cyrus*/master", "imap imaps pop3 pop3s nntp nntps sieve lmtp", NULL, false},
	{"innd", "nntp nntps", NULL, false},
	/* Names, addresses, time. */
	{"named", "domain domain-s rndc", NULL, false},
	{"unbound", "domain domain-s", NULL, false},
	{"dnsmasq", "domain bootps tftp dhcpv6-server", NULL, false},
	{"systemd-resolved", "domain mdns llmnr", NULL, false},
	{"knotd", "domain domain-s", NULL, false},
	{"kresd", "domain domain-s https", NULL, false},
	{"nsd", "domain domain-s", NULL, false},
	{"pdns_server", "domain", NULL, false},
	{"pdns_recursor", "domain", NULL, false},
	{"coredns", "domain domain-s https", NULL, false},
	{"avahi-daemon", "mdns", NULL, false},
	{"dhcpd", "bootps dhcpv6-server", NULL, false},
	{"udhcpd", "bootps", NULL, false},
	{"kea-dhcp4", "bootps", NULL, false},
	{"dhclient", "bootpc dhcpv6-client", NULL, false},
	{"dhcpcd", "bootpc dhcpv6-client", NULL, false},
	{"systemd-networkd", "bootpc dhcpv6-client bootps", NULL, false},
	{"NetworkManager", "bootpc dhcpv6-client", NULL, false},
	{"chronyd", "ntp ntske", NULL, false},
	{"ntpd", "ntp ntske", NULL, false},
	{"systemd-timesyncd", "ntp", NULL, false},
	/* Directories, monitoring, logs. */
	{"slapd", "ldap ldaps", "ldap", false},
	{"ns-slapd", "ldap ldaps", "ldap", false},
	{"krb5kdc", "kerberos", NULL, false},
	{"freeradius", "radius radius-acct", NULL, false},
	{"radiusd", "radius radius-acct", NULL, false},
	{"snmpd", "snmp snmpdtls agentx", "snmp", false},
	{"snmptrapd", "snmptrap", NULL, false},
	{"rsyslogd", "syslog syslog-tcp syslog-tls", NULL, false},
	{"syslog-ng", "syslog syslog-tcp syslog-tls", NULL, false},
	{"nrpe", "nrpe", NULL, false},
	{"in.fingerd", "finger", "finger", false},
	{"fingerd", "finger", "finger", false},
	{"in.identd", "ident", NULL, false},
	{"oidentd", "ident", NULL, false},
	{"in.talkd", "talk ntalk", NULL, false},
	{"in.ntalkd", "talk ntalk", NULL, false},
	{"ripd", "router", NULL, false},
	{"routed", "router", NULL, false},
	{"minissdpd", "ssdp", NULL, false},
	{"minidlnad", "ssdp", NULL, false},
	{"miniupnpd", "ssdp", NULL, false},
	{"wsdd", "ws-discovery", NULL, false},
	{"cupsd", "ipp ipps", "ipp", false},
	{"cups-browsed", "ipp", NULL, false},
	{"lpd", "printer", "printer", false},
	{"prometheus", "prometheus", "prometheus", false},
	{"prometheus-alertmanager", "alertmanager", NULL, false},
	{"alertmanager", "alertmanager", NULL, false},
	{"prometheus-node-exporter", "hp-pdl-datastr node-exporter", NULL, false},
	{"node_exporter", "hp-pdl-datastr node-exporter", NULL, false},
	/* Data and messages. */
	{"redis-server", "redis redis-sentinel", "redis", false},
	{"redis-sentinel", "redis-sentinel", NULL, false},
	{"valkey-server", "redis redis-sentinel", "redis", false},
	{"keydb-server", "redis", "redis", false},
	{"memcached", "memcache", "memcache", false},
	{"mongod", "mongodb", "mongodb", false},
	{"mongos", "mongodb", "mongodb", false},
	{"mysqld", "mysql mysqlx", "mysql", false},
	{"mariadbd", "mysql", "mysql", false},
	{"postgres", "postgresql", "postgresql", false},
	{"sqlservr", "ms-sql-s ms-sql-m", "ms-sql-s", false},
	{"tnslsnr", "oracle-tns", "oracle-tns", false},
	{"influxd", "influxdb", NULL, false},
	{"etcd", "etcd-client etcd-server", NULL, false},
	{"consul", "consul", NULL, false},
	{"epmd", "epmd", "epmd", false},
	{"mosquitto", "mqtt secure-mqtt", "mqtt", false},
	{"ngircd", "ircu ircs-u", NULL, false},
	{"inspircd", "ircu ircs-u", NULL, false},
	{"asterisk", "sip sips", NULL, false},
	{"kamailio", "sip sips", NULL, false},
	{"mediamtx", "rtsp rtsps", NULL, true},
	{"distccd", "distcc", "distcc", false},
	{"salt-master", "salt", NULL, false},
	{"jupyter-*", "jupyter", "jupyter", false},
	{"ollama", "ollama", "ollama", false},
	{"rmiregistry", "rmiregistry", "rmiregistry", false},
	{"miniserv.pl", "webmin", NULL, false},
	/* Screens, proxies, tunnels, containers. */
	{"Xorg", "x11", NULL, false},
	{"Xtigervnc", "rfb vnc-display vnc x11", "rfb", false},
	{"Xtightvnc", "rfb vnc-display vnc x11", "rfb", false},
	{"Xvnc", "rfb vnc-display vnc x11", "rfb", false},
	{"x11vnc", "rfb vnc-display vnc", "rfb", false},
	{"x0vncserver", "rfb vnc-display vnc", "rfb", false},
	{"wayvnc", "rfb vnc-display vnc", "rfb", false},
	{"xrdp", "ms-wbt-server rdp", "ms-wbt-server", false},
	{"xdm", "xdmcp", NULL, false},
	{"gdm3", "xdmcp", NULL, false},
	{"lightdm", "xdmcp", NULL, false},
	{"danted", "socks", "socks", false},
	{"sockd", "socks", "socks", false},
	{"microsocks", "socks", "socks", false},
	{"pptpd", "pptp", NULL, false},
	{"openvpn", "openvpn", NULL, false},
	{"dockerd", "docker docker-s", NULL, true},
	{"kubelet", "kubelet kubelet-ro", NULL, true},
	{"kube-apiserver", "kube-apiserver", NULL, true},
};
/* clang-format on */

const struct program *program_at(size_t i)
{
	return i < ARRAY_SIZE(programs) ? &programs[i] : NULL;
}

static bool is_path(const struct program *program)
{
	return strchr(program->name, '/') != NULL;
}

static const struct program *find_executable(const char *exe)
{
	const char *slash = strrchr(exe, '/');

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (!fnmatch(
			    programs[i].name, is_path(&programs[i]) || !slash ? exe : slash + 1, 0))
			return &programs[i];
	return NULL;
}

/* comm is the start of a program's name: all of it unless it was cut. */
static const struct program *find_comm(const char *comm)
{
	size_t length = strlen(comm);

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		const char *name = programs[i].name;

		if (is_path(&programs[i]))
			continue;
		if (!fnmatch(name, comm, 0) || (length == COMM_LENGTH && strlen(name) > length &&
						       !strncmp(name, comm, length)))
			return &programs[i];
	}
	return NULL;
}

const struct program *program_of(const struct portscope_process *process, bool *ret_sure)
{
	const struct program *found = process->exe ? find_executable(process->exe) : NULL;

	*ret_sure = found != NULL;
	if (!found && process->comm)
		found = find_comm(process->comm);
	return found;
}

bool program_speaks(const struct program *program, const char *service)
{
	size_t length = strlen(service);

	for (const char *at = program->services; at; at = strchr(at, ' ')) {
		at += *at == ' ';
		if (!strncmp(at, service, length) && (!at[length] || at[length] == ' '))
			return true;
	}
	return false;
}

bool program_at_home(const struct program *program, uint8_t protocol, uint16_t port)
{
	const char *name = registry_name(protocol, port, NULL, NULL);
	struct registry_insecure insecure;
	struct registry_service service;

	if (name && program_speaks(program, name))
		return true;
	for (size_t i = 0; registry_next_service(protocol, port, &i, &service);)
		if (program_speaks(program, service.name))
			return true;
	for (size_t i = 0; registry_next_insecure(protocol, port, &i, &insecure);)
		if (program_speaks(program, insecure.key))
			return true;
	return false;
}

enum evidence evidence_of(const struct portscope_row *row, const char *service,
	const struct program **ret_program, const struct portscope_process **ret_holder)
{
	const struct program *other = NULL;
	bool contradicted = row->n_processes > 0;

	*ret_program = NULL;
	*ret_holder = NULL;
	for (size_t i = 0; i < row->n_processes; i++) {
		bool sure;
		const struct program *program = program_of(&row->processes[i], &sure);

		if (program && program_speaks(program, service)) {
			*ret_program = program;
			*ret_holder = &row->processes[i];
			return EVIDENCE_PROCESS;
		}
		if (!program || !sure || program->carrier)
			contradicted = false;
		else if (!other)
			other = program;
	}
	if (!contradicted)
		return EVIDENCE_PORT;
	*ret_program = other;
	*ret_holder = &row->processes[0];
	return EVIDENCE_CONTRADICTED;
}
