/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of the steps. */
#include "annotate/annotate.h"

#include "model/field.h"
#include "model/names.h"
#include "model/order.h"
#include "annotate/label.h"
#include "annotate/unit-index.h"

/* The holder's unit where one is known: a socket may have been created by somebody else. */
static void annotate_units(struct portscope_row *row)
{
	const struct socket *s = row->socket;
	const struct unit_index *units = row->host->units;

	if (s->present & SOCKET_HAS_CGROUP)
		row->socket_unit = unit_index_by_id(units, s->cgroup);
	if (row->n_processes)
		row->unit = row->holders[0]->unit;
	if (!row->unit)
		row->unit = row->socket_unit;
}

void annotate(const struct socket *socket, const struct host *host, unsigned needs,
	struct portscope_row *ret)
{
	*ret = (struct portscope_row){
		.socket = socket,
		.host = host,
		.range = port_range_of(socket->local_port),
	};
	if (needs & NEED_EPHEMERAL) {
		ret->ephemeral = host_port_is_ephemeral(host, socket->local_port);
		ret->probable_client = socket_is_probable_client(socket, host);
	}
	if (needs & NEED_ADDRESSES)
		ret->exposure = exposure_of(socket, host);
	if (needs & NEED_LISTENERS)
		ret->direction = direction_of(socket, host);
	if (needs & NEED_OWNERS)
		ret->owner = owner_index_get(
			host->owners, socket, &ret->processes, &ret->holders, &ret->n_processes);
	if (needs & NEED_UNITS)
		annotate_units(ret);
	if (needs & NEED_SERVICES)
		label_row(ret);
}
