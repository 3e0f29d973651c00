/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names for the tests of the filter: a small world in which look-ups need no network. */
#ifndef PORTSCOPE_TESTS_FILTER_NAMES_H
#define PORTSCOPE_TESTS_FILTER_NAMES_H

#include <arpa/inet.h>
#include <string.h>

#include "filter/filter.h"

static inline size_t names_service(
	void *userdata, const char *name, struct filter_service *ret, size_t max)
{
	static const struct {
		const char *name;
		struct filter_service service;
	} known[] = {
		{"ssh", {0, 22}},
		{"http", {0, 80}},
		{"ftp-data", {0, 20}},
		{"domain", {IPPROTO_TCP, 53}},
		{"domain", {IPPROTO_UDP, 53}},
		{"syslog", {IPPROTO_UDP, 514}},
		{"rsh", {IPPROTO_TCP, 514}},
		{"many", {0, 7}},
		{"many", {0, 9}},
	};
	size_t n = 0;

	if (!strcmp(name, "flood"))
		return 100;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].name, name)) {
			if (n < max)
				ret[n] = known[i].service;
			n++;
		}
	return n;
}

static inline const char *names_similar_service(void *userdata, const char *name)
{
	return !strcmp(name, "sshh") ? "ssh" : NULL;
}

static inline size_t names_host(
	void *userdata, const char *name, struct filter_address *ret, size_t max)
{
	if (!strcmp(name, "flood.example"))
		return 100;
	if (strcmp(name, "two.example") || max < 3)
		return 0;
	memset(ret, 0, 3 * sizeof(*ret));
	ret[0].family = ret[1].family = AF_INET;
	ret[2].family = AF_INET6;
	inet_pton(AF_INET, "192.0.2.1", ret[0].bytes);
	inet_pton(AF_INET, "192.0.2.2", ret[1].bytes);
	inet_pton(AF_INET6, "2001:db8::1", ret[2].bytes);
	return 3;
}

static inline int names_interface(void *userdata, const char *name, uint32_t *ret)
{
	if (strcmp(name, "lo") && strcmp(name, "eth0"))
		return -ENODEV;
	*ret = *name == 'l' ? 1 : 2;
	return 0;
}

static inline int names_cgroup(void *userdata, const char *path, uint64_t *ret)
{
	if (strcmp(path, "/system.slice/a=b.service"))
		return -ENOENT;
	*ret = 4711;
	return 0;
}

static inline int names_user(void *userdata, const char *name, uint32_t *ret)
{
	if (strcmp(name, "root") && strcmp(name, "www-data"))
		return -ENOENT;
	*ret = *name == 'r' ? 0 : 33;
	return 0;
}

static const struct filter_names test_names = {
	.service = names_service,
	.similar_service = names_similar_service,
	.host = names_host,
	.interface = names_interface,
	.cgroup = names_cgroup,
	.user = names_user,
};

#endif
