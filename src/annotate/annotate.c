/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of the steps. */
#include "annotate/annotate.h"

#include "model/field.h"
#include "model/names.h"
#include "model/order.h"
#include "annotate/service.h"

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
	if (needs & NEED_SERVICES)
		ret->service = service_of(
			host->services, socket, host->ephemeral.low, host->ephemeral.high);
	if (needs & NEED_ADDRESSES)
		ret->exposure = exposure_of(socket, host);
	if (needs & NEED_LISTENERS)
		ret->direction = direction_of(socket, host);
}
