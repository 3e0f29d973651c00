#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The field `reach` beside rule sets as people write them, each with its expected table."""

import json
import os
import re
import socket
import subprocess
import unittest

import lab

V4, V6 = socket.AF_INET, socket.AF_INET6
DROPPED = 'inet filter input policy drop'

SERVER = '''
table inet filter {
 set bad { type ipv4_addr; flags interval; elements = { 10.1.0.0/16, 192.168.3.0/24 } }
 chain input {
  type filter hook input priority 0; policy drop;
  ct state established,related accept
  iif lo accept
  ip saddr @bad drop
  tcp dport { 22, 80 } accept comment "the public ports"
  ip saddr 10.0.0.0/8 tcp dport 5432 accept
  iifname "v1" tcp dport 3000 accept
 }
 chain pre {
  type nat hook prerouting priority dstnat;
  tcp dport 8080 redirect to :80
 }
}
'''
# The port, what is expected, certain, and the beginning of the rule.
SERVER_TABLE = {
    22: ('any', True, 'inet filter input handle '),
    80: ('any', True, 'inet filter input handle '),
    443: ('blocked', True, DROPPED),
    3000: ('limited', True, 'inet filter input handle '),
    5432: ('limited', True, 'inet filter input handle '),
    631: ('loopback', True, None),
    8080: ('any', True, 'inet filter input handle '),
}

# As Debian's workstation.nft: nothing comes in but what was asked for.
WORKSTATION = '''
table inet filter {
 chain input {
  type filter hook input priority 0;
  iif lo accept
  ct state established,related accept
  ip6 nexthdr icmpv6 icmpv6 type { nd-neighbor-solicit, nd-router-advert, nd-neighbor-advert } accept
  counter drop
 }
}
'''

BANNED = '''
table inet f2b-table {
 set addr-set-sshd { type ipv4_addr; elements = { 203.0.113.7, 198.51.100.9 } }
 chain f2b-chain {
  type filter hook input priority filter - 1; policy accept;
  tcp dport 22 ip saddr @addr-set-sshd reject with icmp port-unreachable
 }
}
'''

CHANCE = '''
table inet filter {
 chain input {
  type filter hook input priority 0; policy drop;
  numgen random mod 2 0 tcp dport 22 accept
  tcp dport 80 limit rate 3/minute accept
 }
}
'''


def tool(name, *args, text=None):
    subprocess.run([lab.need_tool(name), *args], input=text, text=True, check=True)


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        lab.veth('v0', 'p0')
        lab.veth('v1', 'p1')
        lab.address('v0', '203.0.113.1/24', '2001:db8::1/64')
        lab.address('v1', '10.9.9.1/24', 'fd00::1/64')
        lab.ip('route', 'add', 'default', 'via', '203.0.113.2', 'dev', 'v0')
        lab.ip('-6', 'route', 'add', 'default', 'via', '2001:db8::2', 'dev', 'v0')
        cls.sockets = [lab.listener(V6, '::', port, options=[lab.DUAL])
                       for port in (22, 80, 443, 3000, 5432, 8080)]
        cls.sockets.append(lab.listener(V4, '127.0.0.1', 631))

    def setUp(self):
        tool('nft', 'flush', 'ruleset')

    def listing(self, *args, **kw):
        done = subprocess.run(
            [lab.program, '-ltn', '--json', '--columns=local_port,reach,reach_certain,reach_rule',
             *args], capture_output=True, text=True, check=True, **kw)
        return json.loads(done.stdout)

    def table(self):
        return {s['local_port']: (s['reach'], s['reach_certain'], s['reach_rule'])
                for s in self.listing()['sockets']}

    def check(self, expected):
        found = self.table()
        for port, (reach, certain, rule) in expected.items():
            with self.subTest(port=port):
                self.assertEqual(found[port][:2], (reach, certain))
                if rule is None:
                    self.assertIsNone(found[port][2])
                else:
                    self.assertTrue((found[port][2] or '').startswith(rule), found[port][2])

    def test_no_rules(self):
        self.check({22: ('any', True, None), 631: ('loopback', True, None)})

    def test_server(self):
        tool('nft', '-f', '-', text=SERVER)
        self.check(SERVER_TABLE)
        self.assertIn('"the public ports"', self.table()[22][2])

    def test_workstation(self):
        tool('nft', '-f', '-', text=WORKSTATION)
        self.check({p: ('blocked', True, 'inet filter input handle ') for p in (22, 443, 8080)})

    def test_ban_list(self):
        tool('nft', '-f', '-', text=BANNED)
        rule = 'inet f2b-table f2b-chain policy accept (fail2ban)'
        self.check({22: ('any', True, rule), 80: ('any', True, rule)})

    def test_chance(self):
        tool('nft', '-f', '-', text=CHANCE)
        self.check({22: ('any', False, 'inet'), 80: ('any', True, 'inet'),
                    443: ('blocked', True, DROPPED)})
        shown = subprocess.run([lab.program, '-ltn', '--columns=local_port,reach'],
                               capture_output=True, text=True, check=True).stdout
        self.assertIn('any?', shown)

    def test_one_family(self):
        tool('nft', '-f', '-', text='table ip filter { chain input {\n'
             'type filter hook input priority 0; policy drop;\n}\n}\n')
        self.check({22: ('any', True, None)})

    def test_iptables_nft(self):
        def iptables(*args):
            tool('iptables-nft', *args)
        iptables('-P', 'INPUT', 'DROP')
        iptables('-A', 'INPUT', '-p', 'tcp', '-m', 'multiport', '--dports', '22,8000:8100', '-m',
                 'conntrack', '--ctstate', 'NEW', '-m', 'comment', '--comment', 'web', '-j',
                 'ACCEPT')
        iptables('-A', 'INPUT', '-m', 'iprange', '--src-range', '10.0.0.5-10.0.0.9', '-p', 'tcp',
                 '--dport', '5432', '-j', 'ACCEPT')
        tool('ip6tables-nft', '-P', 'INPUT', 'DROP')
        self.check({22: ('any', True, 'ip filter INPUT handle '),
                    8080: ('any', True, 'ip filter INPUT handle '),
                    5432: ('limited', True, 'ip filter INPUT handle '),
                    443: ('blocked', True, 'ip')})
        tool('iptables-nft', '-P', 'INPUT', 'ACCEPT')
        tool('ip6tables-nft', '-P', 'INPUT', 'ACCEPT')

    def test_names_of_tools(self):
        """Whose chain it is stands after the handle, and before the comment."""
        for table, chain, tool_name in (('filter', 'ufw-user-input', '(ufw)'),
                                        ('firewalld', 'filter_IN_public', '(firewalld)'),
                                        ('filter', 'KUBE-FIREWALL', '(Kubernetes)'),
                                        ('filter', 'DOCKER', '(Docker)'),
                                        ('filter', 'DOCKER-USER', None),
                                        ('mine', 'web', None)):
            with self.subTest(chain):
                tool('nft', '-f', '-', text='flush ruleset\ntable inet %s {\n'
                     'chain %s {\ntcp dport 22 counter drop comment "why"\n}\n'
                     'chain first {\ntype filter hook input priority 0\njump %s\n}\n}\n' % (
                         table, chain, chain))
                found = self.table()[22]
                self.assertEqual(found[:2], ('blocked', True))
                self.assertRegex(found[2], r'^inet %s %s handle \d+ %s"why"$' % (
                    table, chain, re.escape(tool_name + ' ') if tool_name else ''))

    def test_published_ports_pass_by(self):
        # As Docker publishes a port beside ufw: input drops, DNAT goes another way.
        lab.ip('link', 'add', 'docker0', 'type', 'bridge')
        lab.ip('addr', 'add', '172.17.0.1/16', 'dev', 'docker0')
        lab.ip('link', 'set', 'docker0', 'up')
        lab.sysctl('ipv4/ip_forward', '1')
        for args in (['-P', 'INPUT', 'DROP'], ['-P', 'FORWARD', 'DROP'],
                     ['-A', 'FORWARD', '-d', '172.17.0.2/32', '!', '-i', 'docker0', '-o', 'docker0',
                      '-p', 'tcp', '--dport', '80', '-j', 'ACCEPT'],
                     ['-t', 'nat', '-N', 'DOCKER'],
                     ['-t', 'nat', '-A', 'PREROUTING', '-m', 'addrtype', '--dst-type', 'LOCAL',
                      '-j', 'DOCKER'],
                     ['-t', 'nat', '-A', 'DOCKER', '!', '-i', 'docker0', '-p', 'tcp', '--dport',
                      '8080', '-j', 'DNAT', '--to-destination', '172.17.0.2:80']):
            tool('iptables-nft', *args)
        tool('ip6tables-nft', '-P', 'INPUT', 'DROP')
        self.check({8080: ('any', True, 'ip filter FORWARD handle '),
                    443: ('blocked', True, 'ip')})
        tool('iptables-nft', '-P', 'INPUT', 'ACCEPT')
        tool('iptables-nft', '-P', 'FORWARD', 'ACCEPT')
        tool('ip6tables-nft', '-P', 'INPUT', 'ACCEPT')
        lab.ip('link', 'del', 'docker0')

    def certain_with(self, *commands):
        """Whether a port is certainly blocked beside interfaces that these commands make."""
        try:
            for name, *args in commands:
                tool(name, *args)
            reach, certain, _ = self.table()[443]
            self.assertTrue(certain is False or reach == 'blocked', reach)
            return certain
        finally:
            for name in 'v7', 'br7', 'mv7', 'vrf7':
                subprocess.run(['ip', 'link', 'del', name], stderr=subprocess.DEVNULL)
            tool('nft', 'delete table netdev early')

    def test_interfaces_with_more_before_the_rules(self):
        def link(*args):
            return ('ip', 'link', *args)
        bridge = [link('add', 'br7', 'up', 'type', 'bridge'),
                  link('add', 'name', 'v7', 'up', 'type', 'veth', 'peer', 'name', 'p7'),
                  link('set', 'v7', 'master', 'br7'),
                  ('ip', 'addr', 'add', '10.7.7.1/24', 'dev', 'br7')]
        vlan = [link('add', 'link', 'v1', 'name', 'mv7', 'up', 'type', 'macvlan', 'mode')]
        chain = 'add chain netdev early in { type filter hook ingress device "%s" priority 0; }'
        cases = (('a bridge', True, bridge),
                 ('a chain at its port', False, [*bridge, ('nft', chain % 'v7')]),
                 ('a chain elsewhere', True, [*bridge, ('nft', chain % 'v0')]),
                 ('macvlan', True, [(*vlan[0], 'bridge')]),
                 ('macvlan of listed senders', False, [(*vlan[0], 'source')]))
        for what, certain, commands in cases:
            with self.subTest(what):
                tool('nft', '-f', '-', text=WORKSTATION + 'table netdev early { }')
                self.assertIs(self.certain_with(*commands), certain)

    def test_vrf(self):
        tool('nft', '-f', '-', text=WORKSTATION + 'table netdev early { }')
        if subprocess.run(['ip', 'link', 'add', 'vrf7', 'type', 'vrf', 'table', '77'],
                          stderr=subprocess.DEVNULL).returncode:
            self.skipTest('this kernel has no VRF')
        self.assertIs(self.certain_with(
            ('ip', 'link', 'set', 'vrf7', 'up'),
            ('ip', 'link', 'add', 'name', 'v7', 'up', 'type', 'veth', 'peer', 'name', 'p7'),
            ('ip', 'link', 'set', 'v7', 'master', 'vrf7')), False)

    def test_zz_iptables_legacy(self):
        # The last one: a table of iptables-legacy stays as long as the namespace.
        names = '/proc/self/net/ip_tables_names'
        if not os.path.exists(names):
            self.skipTest('this kernel has no iptables-legacy')
        self.table()
        with open(names) as f:
            self.assertEqual(f.read(), '') # looking made no table
        for args in (['-N', 'web'], ['-A', 'web', '-s', '10.0.0.0/8', '-j', 'RETURN'],
                     ['-A', 'web', '-p', 'tcp', '-m', 'multiport', '--dports', '80,443', '-j',
                      'ACCEPT'], ['-A', 'INPUT', '-j', 'web'],
                     ['-A', 'INPUT', '-s', '10.0.0.0/8', '-p', 'tcp', '--dport', '5432', '-j',
                      'ACCEPT'], ['-P', 'INPUT', 'DROP']):
            tool('iptables-legacy', *args)
        tool('ip6tables-legacy', '-P', 'INPUT', 'DROP')
        with open(names) as f:
            self.assertEqual(f.read(), 'filter\n')
        self.check({80: ('any', True, 'ip filter web rule 2'),
                    5432: ('limited', True, 'ip filter INPUT rule 2'),
                    22: ('blocked', True, 'ip')})
        with open(names) as f:
            self.assertEqual(f.read(), 'filter\n')

    def explained(self, port, **kw):
        done = subprocess.run([lab.program, 'explain', '%d/tcp' % port], capture_output=True,
                              text=True, check=True, **kw)
        return ' '.join(done.stdout.split())

    def test_explain(self):
        tool('nft', '-f', '-', text=SERVER)
        for port, says in (
                (443, 'tcp, bound to every address: blocked from outside by ' + DROPPED),
                (80, 'tcp, bound to every address: open to most sources outside, accepted by '
                     'inet filter input handle '),
                (5432, 'open only to sources or interfaces that rules name, accepted by inet')):
            with self.subTest(port=port):
                self.assertIn(says, self.explained(port))
        self.assertNotIn('bound to', self.explained(631)) # loopback
        self.assertNotIn('bound to', self.explained(
            443, user=65534, group=65534, extra_groups=[]))
        tool('nft', '-f', '-', text='flush ruleset\n' + SERVER.replace('public', '\x1b[31m'))
        self.assertIn(r'"the \x1b[31m ports"', self.explained(80))
        tool('nft', '-f', '-', text='flush ruleset\n' + CHANCE)
        self.assertIn('reach is not certain, at most any; decided for most by inet filter input',
                      self.explained(22))
        tool('nft', 'flush', 'ruleset')
        self.assertIn('open to most sources outside; no rule decides for them', self.explained(22))

    def test_without_the_privilege(self):
        tool('nft', '-f', '-', text=WORKSTATION)
        found = self.listing(user=65534, group=65534, extra_groups=[])
        port = {s['local_port']: s for s in found['sockets']}
        self.assertEqual((port[22]['reach'], port[22]['reach_certain']), ('any', False))
        self.assertTrue(any('packet filter' in json.dumps(w) for w in found['warnings']))


if __name__ == '__main__':
    lab.main()
