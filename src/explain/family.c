/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of families: the members of one stand together; a port is in one family at most. */
#include "explain/family.h"

#include <netinet/in.h>
#include <string.h>

#include "util/macros.h"

#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP

static const struct family_member members[] = {
	{"FTP", TCP, 20, "data, where the server connects back (active mode)"},
	{"FTP", TCP, 21, "commands and logins"},
	{"FTP", TCP, 989, "data under TLS"},
	{"FTP", TCP, 990, "commands and logins under TLS"},
	{"Mail: sending", TCP, 25, "from server to server"},
	{"Mail: sending", TCP, 465, "from users to their server, under TLS"},
	{"Mail: sending", TCP, 587, "from users to their server, with STARTTLS"},
	{"Mail: POP3", TCP, 110, "fetching mail"},
	{"Mail: POP3", TCP, 995, "fetching mail under TLS"},
	{"Mail: IMAP", TCP, 143, "reading mail on the server"},
	{"Mail: IMAP", TCP, 993, "reading mail on the server under TLS"},
	{"DNS", UDP, 53, "questions and answers"},
	{"DNS", TCP, 53, "long answers and zone transfers"},
	{"DNS", TCP, 853, "the same under TLS"},
	{"DNS", UDP, 853, "the same over QUIC"},
	{"DHCP", UDP, 67, "the server's and the relay's end"},
	{"DHCP", UDP, 68, "the client's end"},
	{"DHCPv6", UDP, 546, "the client's end"},
	{"DHCPv6", UDP, 547, "the server's and the relay's end"},
	{"Web", TCP, 80, "HTTP"},
	{"Web", TCP, 443, "HTTP under TLS"},
	{"Web", UDP, 443, "HTTP/3 over QUIC"},
	{"Kerberos", TCP, 88, "tickets"},
	{"Kerberos", UDP, 88, "tickets"},
	{"Kerberos", TCP, 464, "changing passwords"},
	{"Kerberos", UDP, 464, "changing passwords"},
	{"Kerberos", TCP, 749, "administration"},
	{"NetBIOS and SMB", UDP, 137, "names"},
	{"NetBIOS and SMB", UDP, 138, "datagrams"},
	{"NetBIOS and SMB", TCP, 139, "sessions: file sharing over NetBIOS"},
	{"NetBIOS and SMB", TCP, 445, "file sharing without NetBIOS"},
	{"SNMP", UDP, 161, "questions to an agent"},
	{"SNMP", UDP, 162, "messages from an agent to its manager"},
	{"SNMP", UDP, 10161, "questions under DTLS"},
	{"SNMP", UDP, 10162, "messages under DTLS"},
	{"LDAP", TCP, 389, "the directory, with StartTLS where it is asked for"},
	{"LDAP", TCP, 636, "the directory under TLS"},
	{"LDAP", TCP, 3268, "Microsoft's global catalog"},
	{"LDAP", TCP, 3269, "Microsoft's global catalog under TLS"},
	{"Berkeley r-commands", TCP, 512, "rexec: commands, with a password in clear text"},
	{"Berkeley r-commands", TCP, 513, "rlogin: a terminal, by trust in addresses"},
	{"Berkeley r-commands", TCP, 514, "rsh: commands, by trust in addresses"},
	{"Syslog", UDP, 514, "messages, one a datagram"},
	{"Syslog", TCP, 6514, "messages under TLS"},
	{"NFS", TCP, 111, "the portmapper, which NFSv4 does without"},
	{"NFS", UDP, 111, "the portmapper"},
	{"NFS", TCP, 2049, "the files"},
	{"RADIUS", UDP, 1812, "logins"},
	{"RADIUS", UDP, 1813, "accounting"},
	{"RADIUS", TCP, 2083, "both under TLS"},
	{"MQTT", TCP, 1883, "messages"},
	{"MQTT", TCP, 8883, "messages under TLS"},
	{"Docker", TCP, 2375, "the API in clear text"},
	{"Docker", TCP, 2376, "the API under TLS"},
	{"etcd", TCP, 2379, "clients"},
	{"etcd", TCP, 2380, "the other members"},
	{"SIP", TCP, 5060, "calls"},
	{"SIP", UDP, 5060, "calls"},
	{"SIP", TCP, 5061, "calls under TLS"},
	{"AMQP", TCP, 5671, "messages under TLS"},
	{"AMQP", TCP, 5672, "messages"},
	{"CoAP", UDP, 5683, "requests"},
	{"CoAP", UDP, 5684, "requests under DTLS"},
	{"WinRM", TCP, 5985, "administration over HTTP"},
	{"WinRM", TCP, 5986, "administration over HTTPS"},
	{"Elasticsearch", TCP, 9200, "the HTTP API"},
	{"Elasticsearch", TCP, 9300, "the other nodes"},
	{"Kubernetes", TCP, 6443, "the API server"},
	{"Kubernetes", TCP, 10250, "the kubelet of a node"},
	{"Kubernetes", TCP, 10255, "the kubelet, read-only and without login"},
};

const struct family_member *family_of(uint8_t protocol, uint16_t port, size_t *ret_count)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		size_t first = i, end = i;

		if (members[i].port != port || members[i].protocol != protocol)
			continue;
		while (first > 0 && !strcmp(members[first - 1].family, members[i].family))
			first--;
		while (end < ARRAY_SIZE(members) && !strcmp(members[end].family, members[i].family))
			end++;
		*ret_count = end - first;
		return &members[first];
	}
	return NULL;
}
