# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel is the oracle: random rule sets, real packets from every kind of source to every port,
and what arrives beside what portscope said of it. PORTSCOPE_FULL=1 compares twenty times as many.
"""

import os
import re
import subprocess
import sys
import unittest

import lab
import reach_grammar
import reach_world

ASK = os.environ['PACKETFILTER_ASK']
COMPARISONS = 100000 if os.environ.get('PORTSCOPE_FULL') else 5000
A_RULE_SET = 125
FIRST = int(os.environ.get('REACH_SEED', '1'))


def expectation(answer):
    """What must arrive: (where, address, port), None for nothing, or False: not known."""
    if '?' in answer or ';' in answer:
        return False
    words = answer.split()
    if words[0] in ('local', 'forward'):
        return 'host' if words[0] == 'local' else 'behind', words[1], int(words[2])
    return None


def agrees(expected, arrived):
    if not expected or not arrived:
        return not expected and not arrived
    return all(got in (None, e) for e, got in zip(expected, arrived))


class Reach(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = reach_world.World()

    def load(self, seed):
        """Puts a random rule set into the kernel, without the lines that make no sense to nft."""
        lines = reach_grammar.Nft(seed).make().splitlines()
        for _ in range(20):
            text = '\n'.join(lines)
            done = subprocess.run([lab.need_tool('nft'), '-f', '-'], input=text, text=True,
                                  capture_output=True)
            if done.returncode == 0:
                return text
            wrong = {int(n) for n in re.findall(r'^/dev/stdin:(\d+):', done.stderr, re.M)}
            for n in wrong:
                if re.match(r' ?(chain|table|set|flush|})', lines[n - 1]):
                    return self.refuse(text, done.stderr)
                lines[n - 1] = ''
            if not wrong:
                return self.refuse(text, done.stderr)
        return None

    @staticmethod
    def refuse(text, why):
        if os.environ.get('REACH_VERBOSE'):
            sys.stderr.write('%s\n%s\n' % (text, why))

    def one(self, seed, text):
        packets = reach_grammar.packets(seed, A_RULE_SET)
        answers = reach_world.ask(ASK, packets)
        self.assertEqual(len(answers), len(packets))
        expected = [expectation(a) for a in answers]
        arrived = self.world.deliver(packets, expected)
        wrong = ['%s: said %r, arrived %r' % (' '.join(map(str, p)), a, got)
                 for p, a, e, got in zip(packets, answers, expected, arrived)
                 if e is not False and not agrees(e, got)]
        if wrong:
            self.fail('seed %d\n%s\n%s' % (seed, '\n'.join(wrong[:10]), text))
        return sum(e is False for e in expected), sum(bool(a) for a in arrived)

    def restore(self, kind, family, text):
        """Loads a rule set of iptables, without the rules that make no sense to it."""
        lines = text.splitlines()
        tool = lab.need_tool('ip%stables-%s-restore' % ('6' if family == 6 else '', kind))
        for _ in range(40):
            done = subprocess.run([tool], input='\n'.join(lines) + '\n', text=True,
                                  capture_output=True)
            if done.returncode == 0:
                return '\n'.join(lines)
            wrong = re.search(r'line:? (\d+)', done.stderr)
            n = int(wrong.group(1)) - 1 if wrong else -1
            if n < 0 or not lines[n].startswith('-A'):
                return self.refuse('\n'.join(lines), done.stderr)
            del lines[n]
        return None

    def iptables(self, kind):
        subprocess.run([lab.need_tool('nft'), 'flush', 'ruleset'], check=True)
        seed, made, refused, unknown = FIRST, 0, 0, 0
        while made * A_RULE_SET < COMPARISONS // 2:
            texts = [self.restore(kind, f, reach_grammar.Iptables(seed, f).make())
                     for f in (4, 6)]
            if None in texts:
                refused += 1
            else:
                u, _ = self.one(seed, '\n'.join(texts))
                if u and os.environ.get('REACH_VERBOSE'):
                    sys.stderr.write('seed %d: %d not known\n' % (seed, u))
                unknown += u
                made += 1
            seed += 1
            self.assertLess(refused, 20 + made)
        print('iptables-%s: %d comparisons, %d not known' % (kind, made * A_RULE_SET, unknown))
        self.assertEqual(unknown, 0)
        empty = '*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\nCOMMIT\n*mangle\nCOMMIT\n*nat\nCOMMIT\n'
        for family in 4, 6:
            self.restore(kind, family, empty)

    def test_iptables_nft(self):
        self.iptables('nft')

    def test_iptables_legacy(self):
        if not os.path.exists('/proc/self/net/ip_tables_names'):
            self.skipTest('this kernel has no iptables-legacy')
        self.iptables('legacy')

    def test_random_rule_sets(self):
        seed, made, refused, unknown, through = FIRST, 0, 0, 0, 0
        while made * A_RULE_SET < COMPARISONS:
            text = self.load(seed)
            if text is None:
                refused += 1
            else:
                u, t = self.one(seed, text)
                if u and os.environ.get('REACH_VERBOSE'):
                    sys.stderr.write('seed %d: %d not known\n' % (seed, u))
                unknown += u
                through += t
                made += 1
            seed += 1
        print('%d comparisons over %d rule sets (%d refused by nft): %d arrived, %d not known' % (
            made * A_RULE_SET, made, refused, through, unknown))
        self.assertEqual(unknown, 0)
        self.assertLess(refused, made)
        # Neither all nor nothing gets through, or the test says little.
        self.assertTrue(0.1 < through / (made * A_RULE_SET) < 0.9)


if __name__ == '__main__':
    lab.main()
