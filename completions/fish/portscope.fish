# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of portscope for fish. Field names are asked of the program, so that they stand
# nowhere twice.

# Completes the last name of a list; $argv[1] is the sign that may stand before the whole list (+)
# or before every name (-).
function __portscope_fields
    set -l program (commandline -opc)[1]
    set -l list (commandline -ct | string replace -r '^--[a-z]+=' '')
    set -l before (string match -r '^.*,' -- $list)
    set -l last (string replace -r '^.*,' '' -- $list)
    if string match -q -- "$argv[1]*" $last; and test $argv[1] = - -o -z "$before"
        set before "$before$argv[1]"
    end
    # Findings have more fields than sockets.
    set -l command list
    __portscope_command audit; and set command audit
    $program $command --list-fields 2>/dev/null | while read -l name title help
        printf '%s%s\t%s\n' "$before" $name (string trim -- $help)
    end
end

function __portscope_rules
    set -l program (commandline -opc)[1]
    $program audit --list-rules 2>/dev/null | while read -l id severity title
        printf '%s\t%s\n' $id (string trim -- $title)
    end
end

# True as long as the first word is the one that is typed.
function __portscope_first_word
    test (count (commandline -opc)) -eq 1
end

# True where the first word is one of the commands $argv; without one the command is list.
function __portscope_command
    set -l words (commandline -opc)
    set -l command list
    if test (count $words) -gt 1; and contains -- $words[2] explain free diff audit help version
        set command $words[2]
    end
    contains -- $command $argv
end

complete -c portscope -f

complete -c portscope -n __portscope_first_word -a list -d 'Which ports are open'
complete -c portscope -n __portscope_first_word -a explain -d 'What a port is for'
complete -c portscope -n __portscope_first_word -a free -d 'Ports that nobody uses'
complete -c portscope -n __portscope_first_word -a diff -d 'What opened, closed, changed hands'
complete -c portscope -n __portscope_first_word -a audit -d 'Judge what listens'
complete -c portscope -n __portscope_first_word -a help -d 'What a command does'
complete -c portscope -n __portscope_first_word -a version -d 'The version'
complete -c portscope -a 'list explain free diff audit help version' -n '__portscope_command help; and not __portscope_first_word'

complete -c portscope -s l -l listening -d 'What listens' -n '__portscope_command list'
complete -c portscope -s a -l all -d 'What listens and what is connected' -n '__portscope_command list'
complete -c portscope -s t -l tcp -d 'Only TCP' -n '__portscope_command list explain free audit'
complete -c portscope -s u -l udp -d 'Only UDP' -n '__portscope_command list explain free audit'
complete -c portscope -s 4 -l ipv4 -d 'Only IPv4, including dual-stack sockets' -n '__portscope_command list'
complete -c portscope -s 6 -l ipv6 -d 'Only IPv6' -n '__portscope_command list'
complete -c portscope -s n -l numeric -d 'Show user ids; service names are kept' -n '__portscope_command list audit'
complete -c portscope -s p -l processes -d 'Every process that holds a socket' -n '__portscope_command list'
complete -c portscope -l programs -d 'As -p' -n '__portscope_command list'
complete -c portscope -l pids -d 'Only pids' -n '__portscope_command list'
complete -c portscope -s e -l extended -d 'Add uid, inode, cookie and cgroup' -n '__portscope_command list'
complete -c portscope -s A -l query -x -a 'tcp udp both' -d 'Which protocols' -n '__portscope_command list'
complete -c portscope -s f -l family -x -a 'inet inet6' -d 'Which address family' -n '__portscope_command list'
complete -c portscope -l inet -d 'As -4' -n '__portscope_command list'
complete -c portscope -l inet6 -d 'As -6' -n '__portscope_command list'
complete -c portscope -l numeric-ports -d 'Accepted: ports are always numbers' -n '__portscope_command list'
complete -c portscope -s O -l oneline -d 'Accepted: a socket is always one line' -n '__portscope_command list'
complete -c portscope -l columns -x -a '(__portscope_fields +)' -d 'Fields to show' -n '__portscope_command list audit'
complete -c portscope -l sort -x -a '(__portscope_fields -)' -d 'Fields to sort by' -n '__portscope_command list audit'
complete -c portscope -l each -d 'A row for each socket' -n '__portscope_command list'
complete -c portscope -l width -x -d 'Fit the table to columns' -n '__portscope_command list'
complete -c portscope -s W -l wide -d 'Do not fit the table to the terminal' -n '__portscope_command list'
complete -c portscope -s F -l filter -r -F -d 'Read the filter from a file' -n '__portscope_command list audit'
complete -c portscope -l explain-filter -d 'Explain the filter and exit' -n '__portscope_command list'
complete -c portscope -l list-fields -d 'Name all fields' -n '__portscope_command list audit'
complete -c portscope -s v -l verbose -d 'Say more about how the answer came about' -n '__portscope_command list explain free audit'
complete -c portscope -s j -l json -d 'One JSON document' -n '__portscope_command list explain free diff audit'
complete -c portscope -l json-lines -d 'One JSON record a line' -n '__portscope_command list audit'
complete -c portscope -l csv -d 'Comma-separated values' -n '__portscope_command list audit'
complete -c portscope -s H -l no-header -d 'No line of titles' -n '__portscope_command list explain audit'
complete -c portscope -l color -x -a 'auto always never' -d 'When to colour' -n '__portscope_command list diff audit'
complete -c portscope -l collector -x -a 'auto bpf netlink procfs' -d 'Where sockets come from' -n '__portscope_command list audit'
complete -c portscope -s h -l help -d Help
complete -c portscope -s V -l version -d Version

complete -c portscope -l protocol -x -a 'tcp udp both' -d 'Which protocol' -n '__portscope_command explain free'
complete -c portscope -l list -d 'List every known port' -n '__portscope_command explain'
complete -c portscope -l insecure -d 'With --list, what may be insecure' -n '__portscope_command explain'
complete -c portscope -l range -x -a 'well-known registered dynamic' -d 'Explain a range' -n '__portscope_command explain'
complete -c portscope -s n -l count -x -d 'Number of ports' -n '__portscope_command free'
complete -c portscope -l consecutive -d 'One after the other' -n '__portscope_command free'
complete -c portscope -l random -d 'Any of them' -n '__portscope_command free'
complete -c portscope -l first -d 'The lowest ones' -n '__portscope_command free'
complete -c portscope -l registered -d 'Allow ports that belong to a service' -n '__portscope_command free'
complete -c portscope -l address -x -d 'Free on this address only' -n '__portscope_command free'
complete -c portscope -l with -r -F -d 'Also free on the host of this listing' -n '__portscope_command free'

complete -c portscope -l fail-on-change -d 'Status 1 where something differs' -n '__portscope_command diff'
complete -c portscope -F -n '__portscope_command diff; and not __portscope_first_word'

complete -c portscope -l baseline -r -F -d 'Report what is new or changed since this listing' -n '__portscope_command audit'
complete -c portscope -l check-hidden -d 'Bind every port to find those that nothing shows' -n '__portscope_command audit'
complete -c portscope -l policy -r -F -d 'Policy file' -n '__portscope_command audit'
complete -c portscope -l fail-on -x -a 'info low medium high critical none' -d 'Exit 1 on findings of this severity or worse' -n '__portscope_command audit'
complete -c portscope -l min-severity -x -a 'info low medium high critical' -d 'Hide less severe findings in the text' -n '__portscope_command audit'
complete -c portscope -l details -d 'Say all that is known of each finding' -n '__portscope_command audit'
complete -c portscope -l list-rules -d 'Name all rules' -n '__portscope_command audit'
complete -c portscope -l explain -x -a '(__portscope_rules)' -d 'Say what a rule looks at' -n '__portscope_command audit'
complete -c portscope -l sarif -d 'SARIF 2.1.0' -n '__portscope_command audit'
