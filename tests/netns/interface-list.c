/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists the interfaces of this network namespace and their addresses as the library reads them, a
 * line an address: `index name address broadcast`, with `-` where there is none.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "collect/interfaces.h"

static void print_address(const struct interface *interface, const struct interface_address *a)
{
	char address[INET6_ADDRSTRLEN] = "-", broadcast[INET_ADDRSTRLEN] = "-";

	if (a)
		inet_ntop(a->family, a->address, address, sizeof(address));
	if (a && a->has_broadcast)
		inet_ntop(AF_INET, a->broadcast, broadcast, sizeof(broadcast));
	printf("%u %s %s %s\n", interface->index, interface->name, address, broadcast);
}

int main(void)
{
	struct interfaces list;
	int r = collect_interfaces(&list);

	if (r < 0) {
		fprintf(stderr, "interfaces: %s\n", strerror(-r));
		return 1;
	}
	for (size_t i = 0; i < list.count; i++) {
		const struct interface *interface = &list.items[i];

		if (!interface->n_addresses)
			print_address(interface, NULL);
		for (size_t j = 0; j < interface->n_addresses; j++)
			print_address(interface, &interface->addresses[j]);
	}
	interfaces_done(&list);
	return 0;
}
