# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random rule sets, made of every expression that portscope is to understand."""

import random

from reach_world import HOST, PEER, PORTS

SOURCES4 = ['172.16.0.0/12', '172.16.5.0/24', '172.20.0.0/16', '172.31.255.255', '172.16.0.1',
            '203.0.113.0/25', '203.0.113.128/26', '192.168.0.0/16', '192.168.7.0/24',
            '192.168.128.0/17', '192.168.7.7', '198.51.100.0/28', '198.51.100.200', '10.9.1.0/24',
            '10.9.2.2', '10.0.0.0/8', '0.0.0.0/1', '128.0.0.0/1']
RANGES4 = ['172.16.5.10-172.16.5.20', '172.18.0.0-172.22.255.255', '192.168.7.5-192.168.9.1',
           '203.0.113.7-203.0.113.9', '198.51.100.0-198.51.100.255']
SOURCES6 = ['fd01::/32', 'fd01:0:5::/48', 'fd01::1', 'fd01:0:5::77', '2001:db8:1::/48',
            '2001:db8:1:8000::/49', 'fd02::/32', 'fd02:0:7::/48', 'fd02:0:7::7',
            '2001:db8:2::/64', 'fd09:1::/64', 'fd09:2::2', 'fd00::/8', '2000::/3', '8000::/1']
RANGES6 = ['fd01:0:5::10-fd01:0:5::20', 'fd02:0:5::-fd02:0:9::1', '2001:db8:1::1-2001:db8:1::ff']
# Sources to send from: on both sides of the ends of the prefixes above.
FROM = {
    'e0': {4: ['172.16.0.1', '172.16.0.2', '172.16.5.9', '172.16.5.10', '172.16.5.20',
               '172.16.5.21', '172.16.6.0', '172.20.1.1', '172.22.255.255', '172.23.0.0',
               '172.31.255.255', '203.0.113.7', '203.0.113.127', '203.0.113.128',
               '203.0.113.192', '10.9.1.2'],
           6: ['fd01::1', 'fd01::2', 'fd01:0:5::77', 'fd01:0:5::10', 'fd01:0:5::20',
               'fd01:0:5::21', 'fd01:0:6::', 'fd01:0:4:ffff::1', '2001:db8:1::1',
               '2001:db8:1:8000::1', '2001:db8:1:7fff::1', '2001:db8:1::100', 'fd09:1::2']},
    'e1': {4: ['192.168.7.5', '192.168.7.7', '192.168.7.8', '192.168.9.1', '192.168.9.2',
               '192.168.127.255', '192.168.128.0', '192.168.6.255', '198.51.100.0',
               '198.51.100.15', '198.51.100.16', '198.51.100.200', '198.51.100.255',
               '10.9.2.2'],
           6: ['fd02::5', 'fd02:0:7::7', 'fd02:0:7::8', 'fd02:0:9::1', 'fd02:0:9::2',
               'fd02:0:4:ffff::1', '2001:db8:2::1', '2001:db8:2:1::1', 'fd09:2::2']},
}
MARKS = [0, 1, 2, 0x10, 0x11, 0xff00]


class Nft:
    """One rule set for nft -f."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.notrack = self.r.randrange(2) == 0

    def pick(self, *items):
        return self.r.choice(items)

    def some(self, items, low, high):
        items = list(items)
        return self.r.sample(items, min(len(items), self.r.randint(low, high)))

    def port(self):
        return str(self.r.choice(PORTS))

    def port_range(self):
        low, high = sorted(self.r.sample(PORTS, 2))
        return '%d-%d' % (low, high)

    @staticmethod
    def disjoint(ranges):
        """Of ranges of ports those that do not overlap an earlier one."""
        taken, kept = set(), []
        for r in ranges:
            low, _, high = r.partition('-')
            wanted = set(range(int(low), int(high or low) + 1))
            if not wanted & taken:
                taken |= wanted
                kept.append(r)
        return kept

    def ports(self):
        kind = self.r.randrange(6)
        if kind == 0:
            return self.port()
        if kind == 1:
            return self.port_range()
        if kind == 2:
            return '!= ' + self.pick(self.port(), self.port_range())
        if kind == 3:
            return self.pick('<', '>', '<=', '>=') + ' ' + self.pick('100', '1024', '8080')
        found = self.disjoint([self.pick(self.port(), self.port(), self.port_range())
                               for _ in range(self.r.randint(2, 6))])
        return self.pick('', '', '!= ') + '{ ' + ', '.join(found) + ' }'

    def source_list(self, family):
        every = SOURCES4 if family == 4 else SOURCES6
        return self.some(every, 1, 5)

    def sources(self, family):
        every, ranges = (SOURCES4, RANGES4) if family == 4 else (SOURCES6, RANGES6)
        kind = self.r.randrange(7)
        if kind <= 1:
            return self.pick('', '', '!= ') + self.r.choice(every)
        if kind == 2:
            return self.pick('', '!= ') + self.r.choice(ranges)
        if kind == 3 and family == 4:
            return self.pick('& 255.255.0.255 == 172.16.0.1', '& 255.0.255.255 != 192.0.7.7',
                             '& 255.240.0.0 != 172.16.0.0', '& 255.255.255.1 == 172.16.5.0',
                             '^ 1.0.0.0 == 173.16.0.1', '<= 172.20.0.0', '> 192.168.7.7')
        if kind == 4:
            return self.pick('', '!= ') + '@' + self.named(family)
        return self.pick('', '', '!= ') + '{ ' + ', '.join(self.source_list(family)) + ' }'

    def named(self, family):
        """The name of a set of sources, made on demand in the table at hand."""
        name = 's%d' % len(self.declared)
        kind = self.r.randrange(3)
        plain = [s for s in (SOURCES4 if family == 4 else SOURCES6) if '/' not in s]
        elements = self.some(plain, 0, 3) if kind == 0 else self.source_list(family)
        flags = ['', 'flags interval; auto-merge;', 'flags interval; auto-merge; '][kind]
        if kind == 0:
            flags = self.pick('', 'flags timeout;', 'flags dynamic,timeout;', 'size 100;')
        self.declared.append('set %s { type ipv%d_addr; %s %s }' % (
            name, family, flags,
            'elements = { %s }' % ', '.join(elements) if elements else ''))
        return name

    def families(self):
        return {'ip': [4], 'ip6': [6], 'inet': [4, 6]}[self.family]

    def one_family(self):
        return self.r.choice(self.families())

    def ip(self, family):
        return 'ip' if family == 4 else 'ip6'

    def daddr(self, family):
        return [HOST[i][family == 6] for i in ('e0', 'e1')]

    def match(self, hook):
        family = self.one_family()
        ip = self.ip(family)
        every = [
            lambda: '%s saddr %s' % (ip, self.sources(family)),
            lambda: '%s saddr %s' % (ip, self.sources(family)),
            lambda: '%s saddr %s' % (ip, self.sources(family)),
            lambda: '%s dport %s' % (self.pick('tcp', 'udp'), self.ports()),
            lambda: '%s dport %s' % (self.pick('tcp', 'udp'), self.ports()),
            lambda: '%s dport %s' % (self.pick('tcp', 'udp'), self.ports()),
            lambda: 'meta l4proto { tcp, udp } th dport ' + self.ports(),
            lambda: 'meta l4proto ' + self.pick('tcp', 'udp', '!= tcp', '{ tcp, udp }'),
            lambda: '%s daddr %s%s' % (ip, self.pick('', '!= '),
                                       self.r.choice(self.daddr(family))),
            lambda: '%s daddr { %s }' % (ip, ', '.join(self.daddr(family))),
            lambda: 'iif ' + self.pick('e0', 'e1', '!= e0', '{ e0, e1 }', 'lo'),
            lambda: 'iifname ' + self.pick('"e0"', '"e1"', '!= "e1"', '{ "e0", "x" }', '"e*"',
                                           '"lo"', '!= { "e1", "lo" }'),
            lambda: 'meta mark ' + self.pick('', '!= ', '& 0xf0 == ', '& 0x1 != ') +
            str(self.r.choice(MARKS)),
            lambda: 'meta mark { 1, 2, 16-20 }',
            lambda: 'meta nfproto ' + self.pick('ipv4', 'ipv6'),
            lambda: 'ct state ' + self.pick('new', 'established,related', 'invalid', '!= new',
                                            '{ new, established }', 'new,untracked'),
            lambda: 'ct mark ' + self.pick('', '!= ') + str(self.r.choice(MARKS)),
            lambda: 'ct direction original',
            lambda: 'ct status ' + self.pick('dnat', '! dnat'),
            lambda: 'meta l4proto %s ct original proto-dst %s' % (
                self.pick('tcp', 'udp'), self.port()),
            lambda: 'ct original %s saddr %s' % (ip, self.r.choice(self.source_list(family))),
            lambda: 'ct original %s daddr %s' % (ip, self.r.choice(self.daddr(family))),
            lambda: 'fib daddr type ' + self.pick('local', '!= local', '{ local, broadcast }'),
            lambda: 'fib daddr . iif type ' + self.pick('local', '!= local'),
            lambda: 'fib saddr . iif oif ' + self.pick('missing', 'exists', '0', '!= 0'),
            lambda: 'fib saddr type ' + self.pick('local', '!= local'),
            lambda: 'tcp flags ' + self.pick('syn', '& (fin | syn | rst | ack) == syn', '& ack == ack',
                                             '! fin,rst'),
            lambda: 'meta pkttype ' + self.pick('host', '!= host', '{ broadcast, multicast }'),
            lambda: 'meta iifgroup ' + self.pick('0', '7', '!= 7'),
            lambda: 'meta iifkind ' + self.pick('"veth"', '!= "veth"'),
            lambda: 'meta iiftype ' + self.pick('ether', 'loopback'),
            lambda: 'limit rate ' + self.pick('100000/second burst 10000 packets',
                                              'over 100000/second burst 10000 packets'),
            # Connections are counted by conntrack: what passes it by is dropped at times.
            lambda: 'ct direction original' if self.notrack or hook == 'raw' else
            'ct count ' + self.pick('over 100000', '100000'),
            lambda: 'quota ' + self.pick('over 1000 mbytes', '1000 mbytes'),
            lambda: ('ip protocol ' if family == 4 else 'ip6 nexthdr ') + self.pick('tcp', 'udp'),
            lambda: 'ip frag-off & 0x1fff ' + self.pick('!= 0', '0') if family == 4
            else 'ip6 version 6',
            lambda: self.concatenation(family),
            lambda: self.concatenation(family),
            lambda: 'meta l4proto . th dport { %s }' % ', '.join(
                '%s . %s' % (self.pick('tcp', 'udp'), p) for p in self.some(PORTS, 1, 5)),
            lambda: 'iifname . meta l4proto { %s }' % ', '.join(self.some(
                ['"e0" . tcp', '"e1" . tcp', '"e0" . udp', '"e1" . udp'], 1, 3)),
        ]
        return self.r.choice(every)()

    def concatenation(self, family):
        ip, protocol = self.ip(family), self.pick('tcp', 'udp')
        # nft does not ask for the family by itself here: the rule would look at what is no address.
        found = self.concatenated(family, ip, protocol)
        return ('meta nfproto ipv%d ' % family if self.family == 'inet' else '') + found

    def concatenated(self, family, ip, protocol):
        kind = self.r.randrange(4)
        keys = self.some(self.pick(SOURCES4, RANGES4) if family == 4
                         else self.pick(SOURCES6, RANGES6), 1, 4)
        plain = [s for s in (SOURCES4 if family == 4 else SOURCES6) if '/' not in s]
        if kind == 0:
            return '%s saddr . %s dport { %s }' % (ip, protocol, ', '.join(
                '%s . %s' % (k, self.pick(self.port(), self.port_range())) for k in keys[:1]))
        if kind == 1:
            return '%s saddr . %s dport %s{ %s }' % (ip, protocol, self.pick('', '!= '), ', '.join(
                '%s . %s' % (k, self.port()) for k in self.some(plain, 1, 3)))
        if kind == 2:
            return 'iifname . %s saddr { %s }' % (ip, ', '.join(
                '%s . %s' % (self.pick('"e0"', '"e1"'), k) for k in keys[:1]))
        return '%s saddr . %s daddr . %s dport { %s }' % (ip, ip, protocol, ', '.join(
            '%s . %s . %s' % (k, self.r.choice(self.daddr(family)), self.port_range())
            for k in keys[:1]))

    def vmap(self, hook, chains):
        family = self.one_family()
        ip = self.ip(family)

        def verdict():
            return self.verdict(hook, chains)
        kind = self.r.randrange(5)
        if kind == 0:
            return '%s dport vmap { %s }' % (self.pick('tcp', 'udp'), ', '.join(
                '%s : %s' % (p, verdict()) for p in self.disjoint(
                    [self.pick(self.port(), self.port_range()) for _ in range(4)])))
        if kind == 1:
            plain = [s for s in (SOURCES4 if family == 4 else SOURCES6) if '/' not in s]
            return '%s saddr vmap { %s }' % (ip, ', '.join(
                '%s : %s' % (s, verdict()) for s in self.some(plain, 1, 3)))
        if kind == 2:
            apart = (['172.16.0.0/16', '172.20.0.0/16', '192.168.0.0/17', '203.0.113.0/25',
                      '0.0.0.0/3'] if family == 4 else
                     ['fd01::/32', 'fd02:0:7::/48', '2001:db8:1::/49', '8000::/2'])
            return '%s saddr vmap { %s }' % (ip, ', '.join(
                '%s : %s' % (s, verdict()) for s in self.some(apart, 1, 4)))
        if kind == 3:
            return 'iifname vmap { "e0" : %s, "e1" : %s }' % (verdict(), verdict())
        return 'meta l4proto . th dport vmap { %s }' % ', '.join(
            '%s . %d : %s' % (self.pick('tcp', 'udp'), p, verdict())
            for p in self.some(PORTS, 2, 6))

    def verdict(self, hook, chains):
        choices = ['accept', 'drop', 'accept', 'drop', 'return', 'continue']
        choices += ['jump ' + c for c in chains] + ['goto ' + c for c in chains[:1]]
        return self.r.choice(choices)

    def statement(self, hook):
        family = self.one_family()
        choices = ['', '', '', 'counter ', 'meta mark set %d ' % self.r.choice(MARKS),
                   'meta mark set meta mark | 0x10 ', 'meta mark set meta mark & 0xf ']
        if hook != 'raw':
            choices += ['ct mark set %d ' % self.r.choice(MARKS), 'ct mark set meta mark ',
                        'meta mark set ct mark ']
        elif self.notrack:
            choices += ['notrack ']
        if family == 4:
            choices.append('meta mark set ip saddr map { 172.16.0.0/12 : 1, 192.168.0.0/16 : 2, '
                           '198.51.100.0/24 : 0x10 } ')
        else:
            choices.append('meta mark set ip6 saddr map { fd01::/32 : 1, fd02::/32 : 2 } ')
        choices.append('meta mark set tcp dport map { 22 : 1, 80 : 2, 100-500 : 0x11 } ')
        return self.r.choice(choices)

    def rule(self, hook, chains):
        matches = ' '.join(self.match(hook) for _ in range(self.pick(0, 1, 1, 1, 2, 2, 3)))
        kind = self.r.randrange(12)
        if kind == 0:
            return '%s %s' % (matches, self.vmap(hook, chains))
        if kind == 1 and hook in ('input', 'forward'):
            return matches + ' reject'
        if kind == 2 and hook in ('input', 'forward') and 'tcp' in matches and \
                'udp' not in matches and 'l4proto' not in matches:
            return matches + ' reject with tcp reset'
        if kind <= 4:
            return matches + ' ' + (self.statement(hook) or 'counter')
        verdict = self.verdict(hook, chains)
        if not matches and verdict in ('accept', 'drop') and self.r.randrange(4):
            verdict = 'continue'
        return '%s %s%s' % (matches, self.statement(hook), verdict)

    def nat_rule(self):
        protocol = self.pick('tcp', 'udp')
        family = self.one_family()
        matches = '%s dport %s' % (protocol, self.pick(
            self.port(), self.port_range(), self.port(), '{ %s, %s }' % (
                '22', '80')))
        if self.r.randrange(2):
            matches += ' %s saddr %s' % (self.ip(family), self.sources(family))
        if self.r.randrange(4) == 0:
            matches = 'iifname "%s" ' % self.pick('e0', 'e1') + matches
        to = PEER['e2'][family == 6]
        bracketed = to if family == 4 else '[%s]' % to
        nfproto = 'meta nfproto ipv%d ' % family
        ip = ' ' + self.ip(family) if self.family == 'inet' else ''
        kind = self.r.randrange(6)
        if kind == 0:
            return matches + ' redirect'
        if kind <= 2:
            return matches + ' redirect to :' + self.port()
        if kind == 3:
            return nfproto + matches + ' dnat%s to %s' % (ip, to)
        if kind == 4:
            return nfproto + matches + ' dnat%s to %s:%s' % (ip, bracketed, self.port())
        return nfproto + ('%s dport { 22, 443, 8080 } dnat%s to %s:%s dport map { 22 : 8000, '
                          '443 : 99, 8080 : 5432 }' % (protocol, ip, bracketed, protocol))

    def chain(self, name, head, hook, chains):
        rules = [self.rule(hook, chains) for _ in range(self.r.randint(1, 7))]
        return 'chain %s { %s\n  %s\n }' % (name, head, '\n  '.join(rules))

    def table(self, number):
        self.family = self.pick('inet', 'inet', 'ip', 'ip6')
        self.declared = []
        chains = []
        names = []
        for i in range(self.r.randint(0, 3)):
            name = 'c%d' % i
            chains.append(self.chain(name, '', 'input', names[:]))
            names.append(name)

        def base(kind, hook, priority, rules_hook, policy):
            name = '%s%d' % (rules_hook, len(chains))
            chains.append(self.chain(
                name, 'type %s hook %s priority %s; policy %s;' % (kind, hook, priority, policy),
                rules_hook, names if rules_hook in ('input', 'forward') else []))
        policy = self.pick('accept', 'accept', 'drop')
        base('filter', 'input', self.pick('0', '-10', '10', '-150'), 'input', policy)
        if self.r.randrange(3) == 0:
            base('filter', 'prerouting', '-300', 'raw', 'accept')
        if self.r.randrange(3) == 0:
            base('filter', 'prerouting', '-150', 'mangle', 'accept')
        if self.r.randrange(3) == 0:
            base('filter', 'forward', '0', 'forward', self.pick('accept', 'accept', 'drop'))
        if self.r.randrange(5) == 0:
            base('filter', 'input', '20', 'input', 'accept')
        if self.r.randrange(2) == 0:
            rules = [self.nat_rule() for _ in range(self.r.randint(1, 4))]
            # Of equal priorities the one registered last is first: not told, so not known.
            chains.append('chain nat { type nat hook prerouting priority %d;\n  %s\n }' % (
                number - 100, '\n  '.join(rules)))
        flags = 'flags dormant;' if self.r.randrange(20) == 0 else ''
        return 'table %s t%d { %s\n %s\n}' % (
            self.family, number, flags, '\n '.join(self.declared + chains))

    def make(self):
        return 'flush ruleset\n' + '\n'.join(
            self.table(i) for i in range(self.pick(1, 1, 2, 3)))


def packets(seed, n):
    """What is sent: protocol, interface, destination, port, source."""
    r = random.Random('packets %s' % seed)
    found = []
    for _ in range(n):
        interface = r.choice(['e0', 'e1'])
        family = r.choice([4, 6])
        found.append((r.choice(['tcp', 'udp']), interface,
                      HOST[r.choice(['e0', 'e1'])][family == 6], r.choice(PORTS),
                      r.choice(FROM[interface][family])))
    found.sort()
    return found


class Iptables:
    """One rule set for iptables-restore or ip6tables-restore, of either kind."""

    def __init__(self, seed, family):
        self.r = random.Random('%s %d' % (seed, family))
        self.family = family

    def pick(self, *items):
        return self.r.choice(items)

    def port(self):
        return str(self.r.choice(PORTS))

    def sources(self):
        return self.r.choice(SOURCES4 if self.family == 4 else SOURCES6)

    def match(self):
        protocol = self.pick('tcp', 'udp')
        daddr = HOST[self.pick('e0', 'e1')][self.family == 6]
        low, high = sorted(self.r.sample(PORTS, 2))
        ranges = RANGES4 if self.family == 4 else RANGES6
        every = [
            '-p %s' % protocol,
            '-p %s --dport %s' % (protocol, self.port()),
            '-p %s --dport %s' % (protocol, self.port()),
            '-p %s ! --dport %s' % (protocol, self.port()),
            '-p %s --dport %d:%d' % (protocol, low, high),
            '-p %s -m multiport --dports %s,%d:%d' % (protocol, self.port(), low, high),
            '-p %s -m multiport ! --dports %s,%s' % (protocol, self.port(), self.port()),
            '-p tcp --syn', '-p tcp ! --syn', '-p tcp --tcp-flags SYN,ACK SYN',
            '-s ' + self.sources(), '-s ' + self.sources(), '! -s ' + self.sources(),
            '-d ' + daddr, '! -d ' + daddr,
            '-i ' + self.pick('e0', 'e1', 'e+', 'lo'), '! -i ' + self.pick('e0', 'e1'),
            '-m iprange %s--src-range %s' % (self.pick('', '! '), self.r.choice(ranges)),
            '-m conntrack %s--ctstate %s' % (self.pick('', '! '), self.pick(
                'NEW', 'ESTABLISHED,RELATED', 'INVALID', 'NEW,UNTRACKED')),
            '-m conntrack --ctorigsrc ' + self.sources(),
            '-m conntrack --ctorigdst ' + daddr,
            '-m conntrack --ctdir ORIGINAL',
            '-m state --state ' + self.pick('NEW', 'ESTABLISHED'),
            '-m addrtype %s--dst-type LOCAL' % self.pick('', '! '),
            '-m mark %s--mark %d/0x%x' % (self.pick('', '! '), self.pick(0, 1, 2, 16),
                                          self.pick(0xff, 0xf0, 1)),
            '-m connmark --mark %d' % self.pick(0, 1),
            '-m comment --comment "a comment"',
            '-m limit --limit 10000/second --limit-burst 10000',
            '-m pkttype %s--pkt-type unicast' % self.pick('', '! '),
            '-m connlimit --connlimit-above 100000', '-m connlimit --connlimit-upto 100000',
        ]
        if self.family == 4:
            every.append('-m addrtype --src-type ' + self.pick('LOCAL', 'UNICAST'))
        return self.r.choice(every)

    def target(self, table, chains):
        choices = ['ACCEPT', 'DROP', 'ACCEPT', 'DROP', 'RETURN'] + chains
        if table == 'filter':
            choices += ['REJECT']
        if table == 'mangle':
            choices += ['MARK --set-mark %d' % self.pick(1, 2, 16), 'MARK --or-mark 16',
                        'CONNMARK --set-mark 1', 'CONNMARK --save-mark']
        return '-j ' + self.r.choice(choices)

    def rules(self, chain, table, chains):
        found = []
        for _ in range(self.r.randint(1, 6)):
            matches = ' '.join(self.match() for _ in range(self.pick(1, 1, 2, 2, 3)))
            target = self.target(table, chains)
            if chains and self.r.randrange(8) == 0:
                target = '-g ' + chains[0]
            found.append('-A %s %s %s' % (chain, matches, target))
        return found

    def nat(self):
        to = PEER['e2'][self.family == 6]
        found = []
        for _ in range(self.r.randint(1, 4)):
            protocol = self.pick('tcp', 'udp')
            match = '-p %s --dport %s' % (protocol, self.port())
            if self.r.randrange(2):
                match += ' -s ' + self.sources()
            target = self.pick(
                'REDIRECT', 'REDIRECT --to-ports ' + self.port(), 'DNAT --to-destination ' + to,
                'DNAT --to-destination %s:%s' % (
                    to if self.family == 4 else '[%s]' % to, self.port()))
            found.append('-A PREROUTING %s -j %s' % (match, target))
        return found

    def make(self):
        lines = ['*filter', ':INPUT %s' % self.pick('ACCEPT', 'ACCEPT', 'DROP'),
                 ':FORWARD %s' % self.pick('ACCEPT', 'ACCEPT', 'DROP'), ':one -', ':two -']
        lines += self.rules('one', 'filter', []) + self.rules('two', 'filter', ['one'])
        lines += self.rules('INPUT', 'filter', ['one', 'two'])
        lines += self.rules('FORWARD', 'filter', ['one']) + ['COMMIT']
        lines += ['*mangle'] + (self.rules('PREROUTING', 'mangle', [])
                                if self.r.randrange(2) else []) + ['COMMIT']
        lines += ['*nat'] + (self.nat() if self.r.randrange(2) else []) + ['COMMIT']
        return '\n'.join(lines) + '\n'
