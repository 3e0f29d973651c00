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
    $program --list-fields 2>/dev/null | while read -l name title help
        printf '%s%s\t%s\n' "$before" $name (string trim -- $help)
    end
end

# True as long as the first word is the one that is typed.
function __portscope_first_word
    test (count (commandline -opc)) -eq 1
end

complete -c portscope -f

complete -c portscope -n __portscope_first_word -a list -d 'Which ports are open'

complete -c portscope -s l -l listening -d 'What listens'
complete -c portscope -s a -l all -d 'What listens and what is connected'
complete -c portscope -s t -l tcp -d TCP
complete -c portscope -s u -l udp -d UDP
complete -c portscope -s 4 -l ipv4 -d 'IPv4, dual-stack sockets among it'
complete -c portscope -s 6 -l ipv6 -d IPv6
complete -c portscope -s n -l numeric -d 'No names of users'
complete -c portscope -s p -l processes -d 'Every process that holds a socket'
complete -c portscope -l columns -x -a '(__portscope_fields +)' -d 'Fields to show'
complete -c portscope -l sort -x -a '(__portscope_fields -)' -d 'Fields to sort by'
complete -c portscope -s F -l filter -r -F -d 'Read the filter from a file'
complete -c portscope -l explain-filter -d 'Say how the filter was understood'
complete -c portscope -l list-fields -d 'Name all fields'
complete -c portscope -l verbose -d 'Say more about how the answer came about'
complete -c portscope -s j -l json -d 'One JSON document'
complete -c portscope -l json-lines -d 'One JSON record a line'
complete -c portscope -l csv -d 'Comma-separated values'
complete -c portscope -s H -l no-header -d 'No line of titles'
complete -c portscope -l color -x -a 'auto always never' -d 'When to colour'
complete -c portscope -s h -l help -d Help
complete -c portscope -s V -l version -d Version
