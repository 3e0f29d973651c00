/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The grammar of filters, expression by expression: the tree that each makes, written with all its
 * brackets, or the error with its place. What ss(8) accepts comes first in each group.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "filter-names.h"
#include "model/field.h"

struct text_case {
	const char *text;
	const char *tree;
};

struct error_case {
	const char *text;
	size_t offset, length;
	const char *message;
	const char *hint;
};

/* clang-format off */
static const struct text_case right[] = {
	{"sport = :22", "sport = 22"},
	{"sport=:22", "sport = 22"},
	{"(sport = :22)", "sport = 22"},
	{"(sport=:22)", "sport = 22"},
	{"sport = 22", "sport = 22"},
	{"sport == 22", "sport = 22"},
	{"sport eq 22", "sport = 22"},
	{"sport :22", "sport = 22"},
	{"sport 22", "sport = 22"},
	{"sport ssh", "sport = 22"},
	{"sport = :ssh", "sport = 22"},
	{"sport = ssh", "sport = 22"},
	{"sport != 22", "sport != 22"},
	{"sport ne 22", "sport != 22"},
	{"sport neq :22", "sport != 22"},
	{"sport > 1024", "sport = 1025-65535"},
	{"sport gt :1024", "sport = 1025-65535"},
	{"sport < 1024", "sport = 0-1023"},
	{"sport lt 1024", "sport = 0-1023"},
	{"sport >= 1024", "sport = 1024-65535"},
	{"sport ge 1024", "sport = 1024-65535"},
	{"sport geq :1024", "sport = 1024-65535"},
	{"sport <= 1024", "sport = 0-1024"},
	{"sport le 1024", "sport = 0-1024"},
	{"sport leq 1024", "sport = 0-1024"},
	{"sport < 0", "not *"},
	{"sport >= 0", "sport = 0-65535"},
	{"sport > 65535", "not *"},
	{"sport <= 65535", "sport = 0-65535"},
	{"sport != 0-65535", "sport != 0-65535"},
	{"dport = :443", "dport = 443"},
	{"dport = 80,443", "dport = 80,443"},
	{"dport=80,443", "dport = 80,443"},
	{"dport = 443 , 80", "dport = 80,443"},
	{"sport = 22,80,8000-8100", "sport = 22,80,8000-8100"},
	{"sport = 3,1,2,2", "sport = 1-3"},
	{"sport = 8000-8100,8050-8200", "sport = 8000-8200"},
	{"sport != 22,80", "sport != 22,80"},
	{"sport = *", "*"},
	{"sport = :*", "*"},
	{"dport *:22", "dport = 22"},
	{"sport inet:22", "sport = 22 and src = inet:*"},
	{"sport = inet6:ssh", "sport = 22 and src = inet6:*"},
	{"sport = inet:*", "src = inet:*"},
	{"port = 53", "port = 53"},
	{"port 53", "port = 53"},
	{"port != 53", "port != 53"},
	{"port >= 32768", "port = 32768-65535"},
	{"port = 22,ssh", "port = 22"},
	{"sport = domain", "sport = 53"},
	{"sport = syslog", "sport = 514 and protocol = udp"},
	{"sport = syslog,80", "sport = 80 or (sport = 514 and protocol = udp)"},
	{"sport != syslog,80", "not (sport = 80 or (sport = 514 and protocol = udp))"},
	{"sport = syslog,rsh", "(sport = 514 and protocol = udp) or (sport = 514 and protocol = tcp)"},
	{"sport > syslog", "sport = 515-65535 and protocol = udp"},
	{"sport = ftp-data", "sport = 20"},
	{"sport = many", "sport = 7,9"},
	{"sport = 0x16", "sport = 22"},
	{"sport = 00022", "sport = 22"},
	{"local_port = 22", "sport = 22"},
	{"remote_port > 1023", "dport = 1024-65535"},
	{"src 10.0.0.0/8", "src = 10.0.0.0/8"},
	{"src = 10.0.0.0/8", "src = 10.0.0.0/8"},
	{"src != 10.0.0.0/8", "src != 10.0.0.0/8"},
	{"src == 10.1.2.3/8", "src = 10.0.0.0/8"},
	{"src eq 192.0.2.1", "src = 192.0.2.1"},
	{"src neq 192.0.2.1", "src != 192.0.2.1"},
	{"src 10/8", "src = 10.0.0.0/8"},
	{"src 192.0.2/24", "src = 192.0.2.0/24"},
	{"dst 193.233.7/24:ssh", "dst = 193.233.7.0/24 and dport = 22"},
	{"src 192.0.2.1:22", "src = 192.0.2.1 and sport = 22"},
	{"src = 192.0.2.1:ssh", "src = 192.0.2.1 and sport = 22"},
	{"src 192.0.2.1:*", "src = 192.0.2.1"},
	{"src 192.0.2.0/24:80-90", "src = 192.0.2.0/24 and sport = 80-90"},
	{"src :22", "sport = 22"},
	{"src *:22", "sport = 22"},
	{"src = :ssh", "sport = 22"},
	{"src *", "*"},
	{"src *:*", "*"},
	{"src any", "*"},
	{"src inet:*", "src = inet:*"},
	{"src inet6:", "src = inet6:*"},
	{"src inet:192.0.2.1", "src = 192.0.2.1"},
	{"src inet:*:22", "src = inet:* and sport = 22"},
	{"src 0.0.0.0/0", "src = inet:*"},
	{"src ::/0", "src = inet6:*"},
	{"src 0.0.0.0", "src = 0.0.0.0"},
	{"src ::", "src = [::]"},
	{"src ::1", "src = [::1]"},
	{"src [::1]", "src = [::1]"},
	{"src [::1]:22", "src = [::1] and sport = 22"},
	{"dst [2001:db8::]/32", "dst = [2001:db8::/32]"},
	{"dst [2001:db8::/32]", "dst = [2001:db8::/32]"},
	{"dst [2001:db8::/32]:443", "dst = [2001:db8::/32] and dport = 443"},
	{"dst [2001:db8::]/32:443", "dst = [2001:db8::/32] and dport = 443"},
	{"dst 2001:db8::/32", "dst = [2001:db8::/32]"},
	{"dst inet6:[::1]:80", "dst = [::1] and dport = 80"},
	{"dst ::ffff:10.0.0.0/104", "dst = [::ffff:10.0.0.0/104]"},
	{"src fe80::1%eth0", "src = [fe80::1] and dev = 2"},
	{"src [fe80::1%lo]:22", "src = [fe80::1] and dev = 1 and sport = 22"},
	{"src [fe80::1%7]", "src = [fe80::1] and dev = 7"},
	{"dst two.example", "dst = 192.0.2.1,192.0.2.2,[2001:db8::1]"},
	{"dst = two.example:ssh", "dst = 192.0.2.1,192.0.2.2,[2001:db8::1] and dport = 22"},
	{"dst inet6:two.example", "dst = [2001:db8::1]"},
	{"dst two.example/24", "dst = 192.0.2.0/24,192.0.2.0/24,[2001:d00::/24]"},
	{"dst 10.0.0.0/8,192.168.0.0/16", "dst = 10.0.0.0/8,192.168.0.0/16"},
	{"dst != 10.0.0.0/8,::1", "dst != 10.0.0.0/8,[::1]"},
	{"dst 10.0.0.1:80,10.0.0.2:81", "(dst = 10.0.0.1 and dport = 80) or (dst = 10.0.0.2 and dport = 81)"},
	{"dst 10.0.0.1,10.0.0.2:81,:443", "dst = 10.0.0.1 or dport = 443 or (dst = 10.0.0.2 and dport = 81)"},
	{"dst 10.0.0.1,*", "*"},
	{"addr 10.0.0.0/8", "addr = 10.0.0.0/8"},
	{"addr != 127.0.0.0/8", "addr != 127.0.0.0/8"},
	{"addr 10.0.0.1:22", "(src = 10.0.0.1 and sport = 22) or (dst = 10.0.0.1 and dport = 22)"},
	{"addr = [::1]", "addr = [::1]"},
	{"local_address = 127.0.0.1", "src = 127.0.0.1"},
	{"remote_address != ::1", "dst != [::1]"},
	{"local 127.0.0.1:80", "src = 127.0.0.1 and sport = 80"},
	{"peer = [::1]:80", "dst = [::1] and dport = 80"},
	{"dev lo", "dev = 1"},
	{"dev = eth0", "dev = 2"},
	{"dev != eth0", "dev != 2"},
	{"dev 7", "dev = 7"},
	{"dev=lo,eth0", "dev = 1,2"},
	{"dev = 0", "dev = 0"},
	{"interface = eth0", "dev = 2"},
	{"interface ~ veth*", "interface ~ veth*"},
	{"interface !~ veth*", "interface !~ veth*"},
	{"interface = null", "interface = null"},
	{"ifindex = 2", "dev = 2"},
	{"ifindex >= 2", "ifindex >= 2"},
	{"fwmark 1", "fwmark = 0x1"},
	{"fwmark = 0x1/0xff", "fwmark = 0x1/0xff"},
	{"fwmark 0x01/0x03", "fwmark = 0x1/0x3"},
	{"fwmark != 7", "fwmark != 0x7"},
	{"fwmark = 1,2/3", "fwmark = 0x1,0x2/0x3"},
	{"mark = 5", "fwmark = 0x5"},
	{"mark > 5", "mark >= 6"},
	{"mark = null", "mark = null"},
	{"cgroup /system.slice/a=b.service", "cgroup = 4711"},
	{"cgroup = /system.slice/a=b.service", "cgroup = 4711"},
	{"cgroup != /system.slice/a=b.service", "cgroup != 4711"},
	{"cgroup 99", "cgroup = 99"},
	{"autobound", "autobound"},
	{"not autobound", "not autobound"},
	{"!autobound", "not autobound"},
	{"autobound and sport > 1024", "autobound and sport = 1025-65535"},
	{"state = listen", "state = listen"},
	{"state = LISTEN", "state = listen"},
	{"state = Listening", "state = listen"},
	{"state = estab", "state = established"},
	{"state = unconn", "state = unconnected"},
	{"state != time-wait", "state != time-wait"},
	{"state = listen,established", "state = established,listen"},
	{"state = TIME_WAIT", "state = time-wait"},
	{"state = connected", "state = established,syn-sent,syn-recv,fin-wait-1,fin-wait-2,time-wait,close-wait,last-ack,closing"},
	{"state = big", "state = established,syn-sent,fin-wait-1,fin-wait-2,unconnected,close-wait,last-ack,listen,closing,bound-inactive"},
	{"state ~ fin-*", "state ~ fin-*"},
	{"state listening", "state listen"},
	{"state established", "state established"},
	{"state connected", "state established,syn-sent,syn-recv,fin-wait-1,fin-wait-2,time-wait,close-wait,last-ack,closing"},
	{"state all", "state established,syn-sent,syn-recv,fin-wait-1,fin-wait-2,time-wait,unconnected,close-wait,last-ack,listen,closing,bound-inactive"},
	{"state synchronized", "state established,syn-recv,fin-wait-1,fin-wait-2,time-wait,close-wait,last-ack,closing"},
	{"state bucket", "state syn-recv,time-wait"},
	{"state big", "state established,syn-sent,fin-wait-1,fin-wait-2,unconnected,close-wait,last-ack,listen,closing,bound-inactive"},
	{"state established state listening", "state established,listen"},
	{"state established,listening", "state established,listen"},
	{"exclude listening", "state established,syn-sent,syn-recv,fin-wait-1,fin-wait-2,time-wait,unconnected,close-wait,last-ack,closing,bound-inactive"},
	{"exclude all", "exclude all"},
	{"state all exclude listening", "state established,syn-sent,syn-recv,fin-wait-1,fin-wait-2,time-wait,unconnected,close-wait,last-ack,closing,bound-inactive"},
	{"exclude listening exclude time-wait", "state established,syn-sent,syn-recv,fin-wait-1,fin-wait-2,unconnected,close-wait,last-ack,closing,bound-inactive"},
	{"exclude listen state listen", "state established,syn-sent,syn-recv,fin-wait-1,fin-wait-2,time-wait,unconnected,close-wait,last-ack,listen,closing,bound-inactive"},
	{"state established dport = :22", "state established dport = 22"},
	{"state established and dport = :22", "state established dport = 22"},
	{"state established dport = :22 or dport = :80", "state established (dport = 22 or dport = 80)"},
	{"state established ( dport = :22 or dport = :80 )", "state established (dport = 22 or dport = 80)"},
	{"dport = :22 state established", "state established dport = 22"},
	{"dport = :22 and state established and sport = 5", "state established (dport = 22 and sport = 5)"},
	{"state bound-inactive", "state bound-inactive"},
	{"protocol = tcp", "protocol = tcp"},
	{"protocol = UDP", "protocol = udp"},
	{"protocol != tcp", "protocol != tcp"},
	{"protocol = tcp,udp", "protocol = tcp,udp"},
	{"protocol ~ t*", "protocol ~ t*"},
	{"family = inet", "family = inet"},
	{"family = inet6", "family = inet6"},
	{"port_range = well-known", "sport = 0-1023"},
	{"port_range = registered", "sport = 1024-49151"},
	{"port_range = dynamic", "sport = 49152-65535"},
	{"port_range != registered", "sport != 1024-49151"},
	{"port_range = well-known,dynamic", "sport = 0-1023,49152-65535"},
	{"port_range >= registered", "sport = 1024-65535"},
	{"port_range < registered", "sport = 0-1023"},
	{"port_range > dynamic", "not *"},
	{"port_range ~ reg*", "port_range ~ reg*"},
	{"exposure = any", "exposure = any"},
	{"exposure >= private", "exposure = private,public,any"},
	{"exposure < link", "exposure = loopback"},
	{"exposure < loopback", "exposure < loopback"},
	{"exposure > any", "exposure < loopback"},
	{"exposure != any", "exposure != any"},
	{"exposure = any,public", "exposure = public,any"},
	{"exposure ~ p*", "exposure ~ p*"},
	{"direction = inbound", "direction = inbound"},
	{"direction < inbound", "direction = listening"},
	{"direction < listening", "direction < listening"},
	{"direction = null", "direction = null"},
	{"direction != outbound,listening", "direction != listening,outbound"},
	{"service = http", "service = http"},
	{"service != http", "service != http"},
	{"service ~ htt*", "service ~ htt*"},
	{"service !~ \"a b*\"", "service !~ \"a b*\""},
	{"service = \"and\"", "service = \"and\""},
	{"service = 'it, (quoted)'", "service = \"it, (quoted)\""},
	{"service = null", "service = null"},
	{"service = \"null\"", "service = \"null\""},
	{"service = a,b,c", "service = a,b,c"},
	{"service = x=y!z~w<v>u", "service = x=y!z~w<v>u"},
	{"service_source = iana", "service_source = iana"},
	{"service_hint", "service_hint = true"},
	{"service_hint = false", "service_hint = false"},
	{"not service_hint", "service_hint != true"},
	{"user = root", "user = 0"},
	{"user = www-data", "user = 33"},
	{"user = 1000", "user = 1000"},
	{"user != root", "user != 0"},
	{"user = root,33", "user = 0,33"},
	{"user ~ www*", "user ~ www*"},
	{"user = null", "user = null"},
	{"user != null", "user != null"},
	{"uid = 0", "uid = 0"},
	{"uid != 0", "uid != 0"},
	{"uid >= 1000", "uid >= 1000"},
	{"uid = 1000-1999,0", "uid = 0,1000-1999"},
	{"recv_q > 0", "recv_q >= 1"},
	{"recv_q >= 1", "recv_q >= 1"},
	{"recv_q = 0", "recv_q = 0"},
	{"recv_q < 100", "recv_q <= 99"},
	{"recv_q < 0", "recv_q < 0"},
	{"recv_q > 18446744073709551615", "recv_q < 0"},
	{"send_q = 0x10", "send_q = 16"},
	{"inode = 4026531840", "inode = 4026531840"},
	{"inode = null", "inode = null"},
	{"cookie = 0x1a", "cookie = 0x1a"},
	{"cookie = 1a", "cookie = 0x1a"},
	{"cookie = ffffffffffffffff", "cookie = 0xffffffffffffffff"},
	{"netns = 4026531840", "netns = 4026531840"},
	{"dual_stack", "dual_stack = true"},
	{"dual_stack = true", "dual_stack = true"},
	{"dual_stack = no", "dual_stack = false"},
	{"dual_stack != true", "dual_stack != true"},
	{"! dual_stack", "dual_stack != true"},
	{"ephemeral sport = 22", "ephemeral = true and sport = 22"},
	{"probable_client and not dual_stack", "probable_client = true and dual_stack != true"},
	{"*", "*"},
	{"* and *", "* and *"},
	{"not *", "not *"},
	{"sport = 22 and dport = 80", "sport = 22 and dport = 80"},
	{"sport = 22 & dport = 80", "sport = 22 and dport = 80"},
	{"sport = 22 && dport = 80", "sport = 22 and dport = 80"},
	{"sport=22&&dport=80", "sport = 22 and dport = 80"},
	{"sport=22&dport=80", "sport = 22 and dport = 80"},
	{"sport = 22 dport = 80", "sport = 22 and dport = 80"},
	{"sport = 22 or dport = 80", "sport = 22 or dport = 80"},
	{"sport = 22 | dport = 80", "sport = 22 or dport = 80"},
	{"sport = 22 || dport = 80", "sport = 22 or dport = 80"},
	{"sport=22||dport=80", "sport = 22 or dport = 80"},
	{"sport = 1 or sport = 2 and dport = 3", "sport = 1 or (sport = 2 and dport = 3)"},
	{"sport = 1 and sport = 2 or dport = 3", "(sport = 1 and sport = 2) or dport = 3"},
	{"sport = 1 or sport = 3 or sport = 5 and dport = 1 dport = 2", "sport = 1 or sport = 3 or (sport = 5 and dport = 1 and dport = 2)"},
	{"(sport = 1 or sport = 3) and dport = 3", "(sport = 1 or sport = 3) and dport = 3"},
	{"not sport = 1 and dport = 2", "sport != 1 and dport = 2"},
	{"not (sport = 1 and dport = 2)", "not (sport = 1 and dport = 2)"},
	{"!(sport = 1 or dport = 2)", "not (sport = 1 or dport = 2)"},
	{"! sport = 1", "sport != 1"},
	{"not not sport = 1", "not sport != 1"},
	{"not ! not sport = 1", "not not sport != 1"},
	{"not sport != 1", "not sport != 1"},
	{"sport = 1 not dport = 2", "sport = 1 and dport != 2"},
	{"sport = 1 ! dport = 2", "sport = 1 and dport != 2"},
	{"sport = 1 (dport = 2)", "sport = 1 and dport = 2"},
	{"(sport = 1)(dport = 2)", "sport = 1 and dport = 2"},
	{"((((sport = 1))))", "sport = 1"},
	{"( ( sport = 1 ) or ( dport = 2 and ( src 10.0.0.1 or dev lo ) ) )", "sport = 1 or (dport = 2 and (src = 10.0.0.1 or dev = 1))"},
	{"not (sport = 1 or not (dport = 2 and not dev lo))", "not (sport = 1 or not (dport = 2 and dev != 1))"},
	{"src 127.0.0.1 and (sport = 22 or dport = 22) and not dev lo", "src = 127.0.0.1 and (sport = 22 or dport = 22) and dev != 1"},
	{"dst 10.0.0.0/8 and not (sport >= :1024 or dport != :ssh)", "dst = 10.0.0.0/8 and not (sport = 1024-65535 or dport != 22)"},
	{"22", "sport = 22"},
	{":22", "sport = 22"},
	{"3000", "sport = 3000"},
	{"ssh", "sport = 22"},
	{"22,80", "sport = 22,80"},
	{"8000-8100", "sport = 8000-8100"},
	{"  22  ", "sport = 22"},
	{"http,ssh", "sport = 22,80"},
	{"syslog", "sport = 514 and protocol = udp"},
	{"", "*"},
	{"   ", "*"},
	{"mark < 5", "mark <= 4"},
	{"mark < 1", "mark <= 0"},
	{"mark >= 0", "mark >= 0"},
	{"ifindex <= 0", "ifindex <= 0"},
	{"not mark < 5", "not mark <= 4"},
	{"process = nginx", "process = nginx"},
	{"process nginx,sshd", "process = nginx,sshd"},
	{"process ~ ngin*", "process ~ ngin*"},
	{"process != nginx", "process != nginx"},
	{"processes = nginx", "processes = nginx"},
	{"pid = 812", "pid = 812"},
	{"pid > 1000", "pid >= 1001"},
	{"pid = 1-99,812", "pid = 1-99,812"},
	{"pid != 812", "pid != 812"},
	{"owner = hidden", "owner = hidden"},
	{"owner != known", "owner != known"},
	{"owner > none", "owner = hidden,gone,unknown"},
	{"unit ~ ssh*", "unit ~ ssh*"},
	{"unit = ssh.service", "unit = ssh.service"},
	{"container = web", "container = web"},
	{"container ~ web-*", "container ~ web-*"},
	{"container = null", "container = null"},
	{"cgroup ~ /system.slice/*", "cgroup ~ /system.slice/*"},
	{"cgroup !~ *docker*", "cgroup !~ *docker*"},
	{"socket_unit = cron.service", "socket_unit = cron.service"},
};

static const struct error_case wrong[] = {
	{"service = \"a b\"x", 15, 1, "text right after a quote", "quote the whole value, with the other kind of quotes if need be"},
	{"*:22", 0, 4, "unknown word '*:22'", "expected a condition such as sport = :22"},
	{"sport = :70000 and dst 10.0.0.0/8", 9, 5, "port out of range", "a port is 0 to 65535"},
	{"sport = 65536", 8, 5, "port out of range", "a port is 0 to 65535"},
	{"sport = 99999999999999999999999999", 8, 26, "port out of range", "a port is 0 to 65535"},
	{"sport = 1-70000", 10, 5, "port out of range", "a port is 0 to 65535"},
	{"sport = 70000-80000", 8, 5, "port out of range", "a port is 0 to 65535"},
	{"sport = 9-5", 8, 3, "empty range", "write the smaller port first"},
	{"sport = -1", 8, 2, "unknown service '-1'", "expected a port number or service name"},
	{"sport = 1.5", 8, 3, "unknown service '1.5'", "expected a port number or service name"},
	{"sport = 0xZZ", 8, 4, "unknown service '0xZZ'", "expected a port number or service name"},
	{"sport = flood", 8, 5, "the name stands for too many ports", "write the numbers"},
	{"sport = nosuchservice", 8, 13, "unknown service 'nosuchservice'", "expected a port number or service name"},
	{"sport > 1-5", 8, 3, "a range has no order", "expected a single port"},
	{"sport > 1,2", 9, 1, "a list has no order", "expected a single value"},
	{"sport > many", 8, 4, "the name stands for several ports, which have no order", "write a number"},
	{"sport ~ 22", 0, 8, "'sport' cannot be compared like this", "use = != < <= > >="},
	{"sport > *", 8, 1, "'*' has no order", "expected a port number or service name"},
	{"sport = :", 8, 1, "no port", "expected a port number or service name"},
	{"sport =", 7, 0, "the filter ends too early", "expected a port number or service name"},
	{"sport", 5, 0, "the filter ends too early", "expected a port number or service name"},
	{"sport = = 22", 8, 1, "unexpected '='", "expected a port number or service name"},
	{"sport = and", 8, 3, "unexpected 'and'", "expected a port number or service name"},
	{"sport = )", 8, 1, "unexpected ')'", "expected a port number or service name"},
	{"sport = 22,", 11, 0, "the filter ends too early", "expected a port number or service name"},
	{"sport = ,22", 8, 1, "unexpected ','", "expected a port number or service name"},
	{"sport = \"22", 8, 3, "the quote is not closed", ""},
	{"sport = 22 and", 14, 0, "the filter ends too early", "expected a condition such as sport = :22"},
	{"sport = 22 or", 13, 0, "the filter ends too early", "expected a condition such as sport = :22"},
	{"sport = 22 and and dport = 2", 15, 3, "unexpected 'and'", "expected a condition such as sport = :22"},
	{"sport = 22 or or dport = 2", 14, 2, "unexpected 'or'", "expected a condition such as sport = :22"},
	{"and sport = 22", 0, 3, "unexpected 'and'", "expected a condition such as sport = :22"},
	{"or", 0, 2, "unexpected 'or'", "expected a condition such as sport = :22"},
	{"not", 3, 0, "the filter ends too early", "expected a condition such as sport = :22"},
	{"!", 1, 0, "the filter ends too early", "expected a condition such as sport = :22"},
	{"=", 0, 1, "unexpected '='", "expected a condition such as sport = :22"},
	{">=", 0, 2, "unexpected '>='", "expected a condition such as sport = :22"},
	{",", 0, 1, "unexpected ','", "expected a condition such as sport = :22"},
	{"(", 1, 0, "the filter ends too early", "expected a condition such as sport = :22"},
	{")", 0, 1, "unexpected ')'", "expected a condition such as sport = :22"},
	{"()", 1, 1, "unexpected ')'", "expected a condition such as sport = :22"},
	{"( sport = 22", 0, 1, "the bracket is not closed", "expected a ')' before the end"},
	{"sport = 22 )", 11, 1, "unexpected ')'", "no bracket is open here"},
	{"(sport = 22))", 12, 1, "unexpected ')'", "no bracket is open here"},
	{"((sport = 22)", 0, 1, "the bracket is not closed", "expected a ')' before the end"},
	{"(sport = 22 dport", 17, 0, "the filter ends too early", "expected a port number or service name"},
	{"src", 3, 0, "the filter ends too early", "expected an address, [address]:port or host name"},
	{"src =", 5, 0, "the filter ends too early", "expected an address, [address]:port or host name"},
	{"src 10.0.0.0/33", 13, 2, "prefix length out of range", "a prefix length is 0 to 32 here"},
	{"src ::1/129", 8, 3, "prefix length out of range", "a prefix length is 0 to 128"},
	{"src 10.0.0.0/", 13, 0, "not a prefix length", "a prefix length is 0 to 32 here"},
	{"src 10.0.0.0/x", 13, 1, "not a prefix length", "a prefix length is 0 to 32 here"},
	{"src 10.0.0.0/99999999999999999999", 13, 20, "prefix length out of range", "a prefix length is 0 to 32 here"},
	{"src 10.0.0.256", 4, 10, "not an address", "write 192.0.2.1, 192.0.2.0/24, ::1 or [::1]:80"},
	{"src 10.0.0", 4, 6, "not an address", "write 192.0.2.1, 192.0.2.0/24, ::1 or [::1]:80"},
	{"src 10", 4, 2, "not an address", "write 192.0.2.1, 192.0.2.0/24, ::1 or [::1]:80"},
	{"src 1.2.3.4.5", 4, 9, "not an address", "write 192.0.2.1, 192.0.2.0/24, ::1 or [::1]:80"},
	{"src [::1", 4, 4, "the bracket is not closed", "expected a ']' after the address"},
	{"src [::1]x", 9, 1, "unexpected text after the address", "expected :port or /prefix here"},
	{"src []", 4, 2, "no address", "expected an address, [address]:port or host name"},
	{"src [10.0.0.x]", 5, 8, "not an address", "write 192.0.2.1, 192.0.2.0/24, ::1 or [::1]:80"},
	{"src ::1::2", 4, 6, "not an address", "write 192.0.2.1, 192.0.2.0/24, ::1 or [::1]:80"},
	{"src [::1]:70000", 10, 5, "port out of range", "a port is 0 to 65535"},
	{"src 192.0.2.1:", 4, 10, "no port", "expected a port number or service name after the colon"},
	{"src 192.0.2.1:nosuchservice", 14, 13, "unknown service 'nosuchservice'", "expected a port number or service name"},
	{"src nosuch.example", 4, 14, "unknown host 'nosuch.example'", "expected an address, [address]:port or host name"},
	{"src flood.example", 4, 13, "the name stands for too many addresses", "write the addresses"},
	{"src inet:::1", 9, 3, "the address is not of this family", ""},
	{"src inet6:10.0.0.1", 10, 8, "the address is not of this family", ""},
	{"src unix:/tmp/x", 4, 5, "family not covered", "inet and inet6 are; use ss for others"},
	{"sport = link:1", 8, 5, "family not covered", "inet and inet6 are; use ss for others"},
	{"src > 10.0.0.1", 0, 6, "'src' cannot be compared like this", "use = or !="},
	{"src ~ 10.*", 0, 6, "'src' cannot be compared like this", "use = or !="},
	{"src fe80::1%nosuch", 4, 14, "the interface of the address is unknown", ""},
	{"dev nosuch", 4, 6, "unknown interface 'nosuch'", "expected the name or number of an interface"},
	{"dev 4294967296", 4, 10, "number out of range", "an interface number has 32 bits"},
	{"dev > 1", 0, 6, "'dev' cannot be compared like this", "use = or !="},
	{"fwmark x", 7, 1, "unknown mark 'x'", "expected a mark or mark/mask"},
	{"fwmark 0x100000000", 7, 11, "mark out of range", "marks and masks have 32 bits"},
	{"fwmark 1/", 7, 2, "unknown mark '1/'", "expected a mark or mark/mask"},
	{"fwmark > 1", 0, 9, "'fwmark' cannot be compared like this", "use = or !="},
	{"cgroup /nosuch", 7, 7, "unknown cgroup '/nosuch'", "expected the path of a cgroup"},
	{"autobound = true", 10, 1, "unexpected '='", "expected and, or, or a condition"},
	{"state nosuch", 6, 6, "unknown state 'nosuch'", "expected a state"},
	{"state lisen", 6, 5, "unknown state 'lisen'", "did you mean listen?"},
	{"state = lisen", 8, 5, "unknown state 'lisen'", "did you mean listen?"},
	{"state", 5, 0, "the filter ends too early", "expected a state"},
	{"state =", 7, 0, "the filter ends too early", "expected a state"},
	{"exclude", 7, 0, "the filter ends too early", "expected a state"},
	{"exclude = listen", 8, 1, "unexpected '='", "expected a state; or write state != NAME"},
	{"state > listen", 0, 8, "'state' cannot be compared like this", "use = != ~ !~"},
	{"state established or sport = 22", 0, 5, "'state' is for the whole filter, not for a part of it", "write state = NAME to make it a part"},
	{"(state established)", 1, 5, "'state' is for the whole filter, not for a part of it", "write state = NAME or state != NAME here"},
	{"not state established", 4, 5, "'state' is for the whole filter, not for a part of it", "write state = NAME or state != NAME here"},
	{"sport = 22 or state established", 14, 5, "'state' is for the whole filter, not for a part of it", "put it first, or write state = NAME or state != NAME"},
	{"state established and", 21, 0, "the filter ends too early", "expected a condition such as sport = :22"},
	{"protocol = sctp", 11, 4, "unknown protocol 'sctp'", "one of tcp, udp"},
	{"family = unix", 9, 4, "unknown family 'unix'", "one of inet, inet6"},
	{"port_range = wellknown", 13, 9, "unknown range of ports 'wellknown'", "did you mean well-known?"},
	{"exposure = publik", 11, 6, "unknown exposure 'publik'", "did you mean public?"},
	{"exposure = everywhere", 11, 10, "unknown exposure 'everywhere'", "one of loopback, link, private, public, any"},
	{"direction = incoming", 12, 8, "unknown direction 'incoming'", "one of listening, inbound, outbound"},
	{"user = nosuch", 7, 6, "unknown user 'nosuch'", "expected a user name or number"},
	{"user = 99999999999", 7, 11, "number out of range", "a user number has 32 bits"},
	{"user > 5", 0, 7, "'user' cannot be compared like this", "use = != ~ !~"},
	{"uid = x", 6, 1, "unknown number 'x'", "expected a number"},
	{"uid = 5-1", 6, 3, "empty range", "write the smaller number first"},
	{"recv_q = 18446744073709551616", 9, 20, "number out of range", "too large for what it is compared with"},
	{"recv_q ~ 5", 0, 9, "'recv_q' cannot be compared like this", "use = != < <= > >="},
	{"cookie = xyz", 9, 3, "unknown number 'xyz'", "expected a hexadecimal number"},
	{"cookie = 11111111111111111", 9, 17, "unknown number '11111111111111111'", "expected a hexadecimal number"},
	{"cookie > 5", 0, 9, "'cookie' cannot be compared like this", "use = or !="},
	{"dual_stack = maybe", 13, 5, "unknown value 'maybe'", "one of false, true, no, yes"},
	{"service > http", 0, 10, "'service' cannot be compared like this", "use = != ~ !~"},
	{"service =", 9, 0, "the filter ends too early", "expected a text"},
	{"service = null,http", 15, 4, "null in a list", "compare with null by itself"},
	{"service = http,null", 15, 4, "null in a list", "compare with null by itself"},
	{"process =", 9, 0, "the filter ends too early", "expected a text"},
	{"sprot = 22", 0, 5, "unknown word 'sprot'", "did you mean sport?"},
	{"sport = 22 and dprot = 80", 15, 5, "unknown word 'dprot'", "did you mean dport?"},
	{"estab", 0, 5, "unknown word 'estab'", "write: state = estab"},
	{"listening", 0, 9, "unknown word 'listening'", "write: state = listening"},
	{"frobnicate", 0, 10, "unknown word 'frobnicate'", "expected a condition such as sport = :22"},
	{"22 and dport = 80", 0, 2, "unknown word '22'", "write: sport = 22, or dport, or port"},
	{"ssh http", 0, 3, "unknown word 'ssh'", "write: sport = ssh, or dport, or port"},
	{"sport = 22 or http", 14, 4, "unknown word 'http'", "write: sport = http, or dport, or port"},
	{"sshh", 0, 4, "unknown word 'sshh'", "did you mean the service ssh?"},
	{" sshh ", 1, 4, "unknown word 'sshh'", "did you mean the service ssh?"},
	{"sshh = 3", 0, 4, "unknown word 'sshh'", "expected a condition such as sport = :22"},
	{"sport = sshh", 8, 4, "unknown service 'sshh'", "did you mean ssh?"},
	{"src 192.0.2.1:sshh", 14, 4, "unknown service 'sshh'", "did you mean ssh?"},
	{"sport = 22 80", 11, 2, "unknown word '80'", "write: sport = 80, or dport, or port"},
	{"foo = 3", 0, 3, "unknown word 'foo'", "expected a condition such as sport = :22"},
	{"AND", 0, 3, "unknown word 'AND'", "did you mean and?"},
	{"owner = hiden", 8, 5, "unknown owner 'hiden'", "did you mean hidden?"},
	{"pid = x", 6, 1, "unknown number 'x'", "expected a process id"},
	{"pid = 4294967296", 6, 10, "number out of range", "too large for what it is compared with"},
	{"pid ~ 5", 0, 6, "'pid' cannot be compared like this", "use = != < <= > >="},
	{"process > nginx", 0, 10, "'process' cannot be compared like this", "use = != ~ !~"},
};
/* clang-format on */

static struct filter *parse(const char *text)
{
	struct filter *filter = NULL;
	struct filter_error error = {0};

	if (filter_parse(text, &test_names, &filter, &error) < 0)
		fail_msg("%s: %s (%zu)", text, error.message, error.offset);
	return filter;
}

static char *tree_of(const struct filter *filter)
{
	AUTO_OUT struct out o;

	out_init(&o, -1);
	filter_show(filter, FILTER_TREE, 0, &o);
	return strndup(o.buffer, o.used);
}

static void assert_tree(const char *text, const char *expected)
{
	CLEANUP(filter_free_cleanup) struct filter *filter = parse(text);
	AUTO_FREE char *tree = tree_of(filter);

	if (strcmp(tree, expected))
		fail_msg("%s: %s instead of %s", text, tree, expected);
}

static void assert_wrong(const char *text, struct filter_error *ret)
{
	struct filter *filter = NULL;

	memset(ret, 0, sizeof(*ret));
	if (filter_parse(text, &test_names, &filter, ret) != -EINVAL)
		fail_msg("%.60s: accepted", text);
	assert_null(filter);
	assert_true(*ret->message);
	assert_true(ret->offset + ret->length <= strlen(text));
}

static void test_right(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		assert_tree(right[i].text, right[i].tree);
		/* What is shown is in the language, and means the same. */
		assert_tree(right[i].tree, right[i].tree);
	}
}

static void test_wrong(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct filter_error error;

		assert_wrong(wrong[i].text, &error);
		if (strcmp(error.message, wrong[i].message) || strcmp(error.hint, wrong[i].hint))
			fail_msg("%s: %s (%s)", wrong[i].text, error.message, error.hint);
		if (error.offset != wrong[i].offset || error.length != wrong[i].length)
			fail_msg("%s: at %zu, %zu", wrong[i].text, error.offset, error.length);
	}
}

static void assert_written(const char *text, const char *expected)
{
	struct filter_error error;
	AUTO_OUT struct out o;

	assert_wrong(text, &error);
	out_init(&o, -1);
	filter_error_write(&error, text, &o);
	out_char(&o, '\0');
	assert_string_equal(o.buffer, expected);
}

static void test_written(void **state)
{
	char text[2000] = "";

	assert_written("sport = :70000 and dst 10.0.0.0/8",
		"port out of range\n"
		"    sport = :70000 and dst 10.0.0.0/8\n"
		"             ^~~~~ a port is 0 to 65535");
	assert_written("sport = 22 and",
		"the filter ends too early\n"
		"    sport = 22 and\n"
		"                  ^ expected a condition such as sport = :22");
	/* Bytes that a terminal must not get; one column a character. */
	assert_written("sport = 22\n\x1b[31m\xc3\xa4 = 5",
		"unknown word '?[31m?'\n"
		"    sport = 22 ?[31m? = 5\n"
		"               ^~~~~~ expected a condition such as sport = :22");
	/* Of a long filter a window is shown. */
	for (unsigned i = 0; i < 50; i++)
		strcat(text, "sport = 100 or ");
	strcat(text, "sport = x");
	for (unsigned i = 0; i < 50; i++)
		strcat(text, " or sport = 100");
	assert_written(text,
		"unknown service 'x'\n"
		"    ... = 100 or sport = 100 or sport = x or sport = 100 or sport = 100 or sport "
		"= "
		"100 or sport = 100 or ...\n"
		"                                        ^ expected a port number or service name");
}

/* Nesting is limited, length is not. */
static void test_depth(void **state)
{
	enum { DEEP = 10000 };
	static char text[DEEP * 16 + 100];
	struct filter_error error;

	memset(text, '(', DEEP);
	strcpy(text + DEEP, "sport = 22");
	memset(text + strlen(text), ')', DEEP);
	assert_wrong(text, &error);
	assert_string_equal(error.message, "brackets or negations too deep");
	assert_int_equal(error.offset, 256);

	memset(text, 0, sizeof(text));
	memset(text, '!', DEEP);
	strcat(text, "sport = 22");
	assert_wrong(text, &error);
	assert_int_equal(error.offset, 256);

	memset(text, 0, sizeof(text));
	memset(text, '(', DEEP);
	assert_wrong(text, &error);

	memset(text, 0, sizeof(text));
	memset(text, '(', 256);
	strcat(text, "sport = 22");
	memset(text + strlen(text), ')', 256);
	assert_tree(text, "sport = 22");

	/* A long chain is flat. */
	memset(text, 0, sizeof(text));
	for (size_t i = 0; i < DEEP; i++)
		strcpy(text + i * 14, "sport = 1 and ");
	strcat(text, "sport = 1");
	filter_free(parse(text));
}

/* Without names nothing is looked up, and nothing is known. */
static void test_no_names(void **state)
{
	static const char *const unknown[] = {
		"sport = ssh", "ssh", "dst two.example", "dev lo", "cgroup /x", "user = root"};

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		struct filter *filter = NULL;
		struct filter_error error;

		assert_int_equal(filter_parse(unknown[i], NULL, &filter, &error), -EINVAL);
		assert_int_equal(filter_parse(unknown[i], NULL, &filter, NULL), -EINVAL);
	}
}

static void test_states(void **state)
{
	const uint32_t listen = 1u << PORTSCOPE_LISTEN, closed = 1u << PORTSCOPE_UNCONNECTED;
	const uint32_t connected = PORTSCOPE_STATES_CONNECTED;
	static const struct {
		const char *text;
		uint32_t defaults, tcp4, udp6;
	} cases[] = {
		{"*", PORTSCOPE_STATES_CONNECTED, PORTSCOPE_STATES_CONNECTED,
			PORTSCOPE_STATES_CONNECTED},
		{"sport = 22", 6, 6, 6},
		{"state listen", 6, 1 << 10, 1 << 10},
		{"exclude listen", 6, PORTSCOPE_STATES_ALL & ~(1u << 10),
			PORTSCOPE_STATES_ALL & ~(1u << 10)},
		{"state = listen", 6, 1 << 10, 1 << 10},
		{"not state = listen", 6, PORTSCOPE_STATES_ALL & ~(1u << 10),
			PORTSCOPE_STATES_ALL & ~(1u << 10)},
		{"state = listen or sport = 22", 6, PORTSCOPE_STATES_ALL, PORTSCOPE_STATES_ALL},
		{"(state = listen and protocol = tcp) or (state = unconn and protocol = udp)", 6,
			1 << 10, 1 << 7},
		{"protocol = tcp", 6, 6, 0},
		{"not protocol = tcp", 6, 0, 6},
		{"family = inet", 6, 6, 0},
		{"src ::1", 6, 0, 6},
		{"src 127.0.0.1", 6, 6, 6},
		{"not src ::1", 6, 6, 6},
		{"sport < 0", 6, 0, 0},
		{"not *", 6, 0, 0},
		{"22", 6, PORTSCOPE_STATES_ALL, PORTSCOPE_STATES_ALL},
		{"sport = rsh", 6, 6, 0},
		{"state listen state = estab", 6, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(filter_free_cleanup) struct filter *filter = parse(cases[i].text);
		uint32_t tcp4 = filter_states_of(filter, IPPROTO_TCP, AF_INET, cases[i].defaults);
		uint32_t udp6 = filter_states_of(filter, IPPROTO_UDP, AF_INET6, cases[i].defaults);

		if (tcp4 != cases[i].tcp4 || udp6 != cases[i].udp6)
			fail_msg("%s: %x, %x", cases[i].text, tcp4, udp6);
		assert_int_equal((tcp4 | udp6) & ~filter_states(filter, cases[i].defaults), 0);
	}
	assert_true(PORTSCOPE_STATES_ALL & listen & ~connected);
	assert_true(PORTSCOPE_STATES_ALL & closed);
}

static void test_uses(void **state)
{
	CLEANUP(filter_free_cleanup)
	struct filter *plain = parse("sport = 22 and dst 10/8 and state = listen");
	CLEANUP(filter_free_cleanup)
	struct filter *much = parse("autobound or fwmark 3 or not (cgroup 7 and exposure = any) or "
				    "exposure = link or direction = inbound");
	CLEANUP(filter_free_cleanup) struct filter *mark = parse("mark > 3");

	assert_int_equal(filter_needs(plain), 0);
	assert_false(filter_uses_mark(plain));
	assert_false(filter_uses_autobound(plain));
	assert_false(filter_is_lone(plain));
	assert_int_equal(filter_needs(much),
		NEED_ADDRESSES | NEED_LISTENERS | NEED_EPHEMERAL | NEED_NETLINK);
	assert_true(filter_uses_mark(much));
	assert_true(filter_uses_autobound(much));
	assert_true(filter_uses_mark(mark));
}

static void test_lone(void **state)
{
	static const struct text_case cases[] = {
		{"22", "dport = 22"},
		{"ssh", "dport = 22"},
		{"22,80", "dport = 22,80"},
		/* A peer with port 0 is none. */
		{"0", "not *"},
		{"0,22,80", "dport = 22,80"},
		{"0-22", "dport = 1-22"},
		{"syslog", "dport = 514 and protocol = udp"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(filter_free_cleanup) struct filter *filter = parse(cases[i].text);
		AUTO_FREE char *tree = NULL;

		assert_true(filter_is_lone(filter));
		assert_int_equal(filter_states(filter, 0), PORTSCOPE_STATES_ALL);
		filter_turn_to_peer(filter);
		tree = tree_of(filter);
		assert_string_equal(tree, cases[i].tree);
	}
}

static void assert_parts(const char *text, unsigned flags, const char *kernel, const char *rest)
{
	CLEANUP(filter_free_cleanup) struct filter *filter = parse(text);
	AUTO_OUT struct out o;

	out_init(&o, -1);
	filter_show(filter, FILTER_KERNEL, flags, &o);
	out_text(&o, " / ");
	filter_show(filter, FILTER_REST, flags, &o);
	if (o.used != strlen(kernel) + 3 + strlen(rest) ||
		memcmp(o.buffer, kernel, strlen(kernel)) ||
		memcmp(o.buffer + o.used - strlen(rest), rest, strlen(rest)))
		fail_msg("%s: %.*s", text, (int)o.used, o.buffer);
}

/* One condition beyond the kernel's reach leaves it the others, under negations too. */
static void test_parts(void **state)
{
	assert_parts("sport = 22", 0, "sport = 22", "*");
	assert_parts("exposure = any", 0, "*", "exposure = any");
	assert_parts("sport = 22 and exposure = any", 0, "sport = 22", "exposure = any");
	assert_parts("sport = 22 or exposure = any", 0, "*", "sport = 22 or exposure = any");
	assert_parts("not (sport = 22 or exposure = any)", 0, "sport = 0-21,23-65535",
		"not (sport = 22 or exposure = any)");
	assert_parts("not (sport = 22 and exposure = any)", 0, "*",
		"not (sport = 22 and exposure = any)");
	assert_parts("not (not sport = 22 or not dport = 5 or exposure = any)", 0,
		"sport = 22 and dport = 5", "not (sport != 22 or dport != 5 or exposure = any)");
	assert_parts("src 10/8 and not dev lo", 0, "src = 10.0.0.0/8 and dev != 1", "*");
	assert_parts("fwmark 3 and sport = 1", 0, "sport = 1", "fwmark = 0x3");
	assert_parts("fwmark 3 and sport = 1", FILTER_MAY_MARK, "fwmark = 0x3 and sport = 1", "*");
	assert_parts("cgroup 7", 0, "cgroup = 7", "*");
	assert_parts("cgroup 7", FILTER_NO_CGROUP, "*", "cgroup = 7");
	assert_parts("autobound", 0, "autobound", "*");
	assert_parts("port != 5", 0, "sport = 0-4,6-65535 and dport = 0-4,6-65535", "*");
	assert_parts("state = listen and sport = 5", 0, "sport = 5", "*");
	assert_parts("sport = syslog", 0, "sport = 514", "*"); /* udp alone is asked */
	assert_parts("sport = syslog", FILTER_TCP, "not *", "*");
	assert_parts("sport = syslog", FILTER_UDP, "sport = 514", "*");
	assert_parts("family = inet6 and sport = 1", FILTER_INET, "not *", "*");
	assert_parts("sport < 0 or exposure = any", 0, "*", "not * or exposure = any");
}

static void test_explain(void **state)
{
	CLEANUP(filter_free_cleanup)
	struct filter *filter =
		parse("state listen fwmark 1 and sport = 22 and exposure = any and autobound");
	AUTO_OUT struct out o;

	out_init(&o, -1);
	filter_explain(filter, 0, PORTSCOPE_STATES_ALL, &o);
	out_char(&o, '\0');
	assert_string_equal(o.buffer,
		"filter: state listen (fwmark = 0x1 and sport = 22 and exposure = any and "
		"autobound)\n"
		"states: listen\n"
		"kernel: sport = 22 and autobound (20 bytes)\n"
		"rest:   fwmark = 0x1 and exposure = any\n"
		"note:   marks take CAP_NET_ADMIN, which is missing\n"
		"note:   autobound takes a second dump, joined by cookie\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_no_names),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_uses),
		cmocka_unit_test(test_lone),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
