/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recordings and the transport that plays them back. */
#include "replay.h"

#include <err.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

/* The port that a transport in a test has; no process has this pid. */
#define PORT_ID 0x70727470

static void *must(void *p)
{
	if (!p)
		errx(1, "out of memory");
	return p;
}

void blocks_add(struct blocks *blocks, const void *bytes, size_t length)
{
	struct block *b;

	blocks->items = must(reallocarray(blocks->items, blocks->count + 1, sizeof(*b)));
	b = &blocks->items[blocks->count++];
	*b = (struct block){
		.bytes = must(malloc(length + 1)), .length = length, .claims = (ssize_t)length};
	if (length)
		memcpy(b->bytes, bytes, length);
}

void blocks_remove(struct blocks *blocks, size_t at)
{
	free(blocks->items[at].bytes);
	blocks->count--;
	memmove(blocks->items + at, blocks->items + at + 1,
		(blocks->count - at) * sizeof(*blocks->items));
}

void blocks_done(struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->count; i++)
		free(blocks->items[i].bytes);
	free(blocks->items);
	*blocks = (struct blocks){0};
}

void blocks_split(struct blocks *blocks)
{
	struct blocks split = {0};

	for (size_t i = 0; i < blocks->count; i++) {
		const struct block *b = &blocks->items[i];

		for (size_t at = 0, step; at < b->length; at += step) {
			step = NLMSG_ALIGN(((struct nlmsghdr *)(b->bytes + at))->nlmsg_len);
			step = MIN(step, b->length - at);
			blocks_add(&split, b->bytes + at, step);
		}
	}
	blocks_done(blocks);
	*blocks = split;
}

uint64_t message_cookie(const struct nlmsghdr *message)
{
	const struct inet_diag_msg *m = NLMSG_DATA(message);

	return message->nlmsg_type == SOCK_DIAG_BY_FAMILY
		       ? (uint64_t)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0]
		       : 0;
}

void recording_read(const char *path, struct recording *ret)
{
	FILE *file = fopen(path, "re");
	char magic[sizeof(RECORDING_MAGIC) - 1];
	unsigned char head[5];

	*ret = (struct recording){0};
	if (!file)
		err(1, "%s", path);
	if (fread(magic, sizeof(magic), 1, file) != 1 ||
		memcmp(magic, RECORDING_MAGIC, sizeof(magic)) != 0)
		errx(1, "%s: not a recording", path);
	while (fread(head, sizeof(head), 1, file) == 1) {
		uint32_t length = head[1] | head[2] << 8 | head[3] << 16 | (uint32_t)head[4] << 24;
		AUTO_FREE unsigned char *bytes = must(malloc(length));

		if (fread(bytes, length, 1, file) != 1)
			errx(1, "%s: cut short", path);
		if (head[0] == 'Q') {
			struct blocks request = {0};

			ret->items =
				must(reallocarray(ret->items, ret->count + 1, sizeof(*ret->items)));
			blocks_add(&request, bytes, length);
			ret->items[ret->count++] = (struct exchange){.request = request.items[0]};
			free(request.items);
		} else if (head[0] == 'A' && ret->count) {
			blocks_add(&ret->items[ret->count - 1].answers, bytes, length);
		} else {
			errx(1, "%s: unknown block", path);
		}
	}
	fclose(file);
}

void recording_done(struct recording *recording)
{
	for (size_t i = 0; i < recording->count; i++) {
		free(recording->items[i].request.bytes);
		blocks_done(&recording->items[i].answers);
	}
	free(recording->items);
	*recording = (struct recording){0};
}

/* Two requests are the same but for who asks and how often it has asked before. */
static bool same_request(const struct replay *r, const struct block *recorded,
	const struct nlmsghdr *message, size_t length)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 body;
	} a, b;

	if (recorded->length != length || length != sizeof(a))
		return false;
	memcpy(&a, recorded->bytes, sizeof(a));
	memcpy(&b, message, sizeof(b));
	a.head.nlmsg_seq = b.head.nlmsg_seq;
	a.head.nlmsg_pid = b.head.nlmsg_pid;
	if (r->any_states)
		a.body.idiag_states = b.body.idiag_states;
	return !memcmp(&a, &b, sizeof(a));
}

/* Makes every message of the queue an answer to the request with this number. */
static void address_answers(struct replay *r, uint32_t sequence)
{
	for (size_t i = 0; i < r->queue.count; i++) {
		struct block *b = &r->queue.items[i];

		for (size_t at = 0; at + sizeof(struct nlmsghdr) <= b->length;) {
			struct nlmsghdr *m = (struct nlmsghdr *)(b->bytes + at);

			m->nlmsg_seq = sequence;
			m->nlmsg_pid = r->transport.port_id;
			at += NLMSG_ALIGN(m->nlmsg_len);
		}
	}
}

static void queue_error(struct replay *r, int code)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr body;
	} answer = {{sizeof(answer), NLMSG_ERROR, 0, 0, 0}, {.error = code}};

	blocks_add(&r->queue, &answer, sizeof(answer));
}

static bool same_end(uint16_t port, const void *address, uint16_t other, const void *other_address)
{
	return port == other && !memcmp(address, other_address, 16);
}

/*
 * Answers a look-up as the kernel does. It takes the ends of a UDP socket the other way round:
 * "src and dst are swapped for historical reasons" (udp_dump_one() in net/ipv4/udp_diag.c).
 */
static void look_up(struct replay *r, const struct inet_diag_req_v2 *wanted)
{
	const struct inet_diag_sockid *id = &wanted->id;
	uint64_t cookie = (uint64_t)id->idiag_cookie[1] << 32 | id->idiag_cookie[0];
	bool swap = wanted->sdiag_protocol == IPPROTO_UDP;

	r->lookups++;
	if (r->lookup_error) {
		queue_error(r, r->lookup_error);
		return;
	}
	for (size_t i = 0; i < r->recording->count; i++) {
		struct blocks all = {0};
		const struct blocks *answers = &r->recording->items[i].answers;

		for (size_t k = 0; k < answers->count; k++)
			blocks_add(&all, answers->items[k].bytes, answers->items[k].length);
		blocks_split(&all);
		for (size_t k = 0; k < all.count && !r->queue.count; k++) {
			struct nlmsghdr *message = block_message(&all.items[k]);
			const struct inet_diag_msg *m = NLMSG_DATA(message);

			if (message_cookie(message) != cookie || !r->alive ||
				!r->alive(r, cookie) ||
				!same_end(id->idiag_sport, id->idiag_src,
					swap ? m->id.idiag_dport : m->id.idiag_sport,
					swap ? m->id.idiag_dst : m->id.idiag_src) ||
				!same_end(id->idiag_dport, id->idiag_dst,
					swap ? m->id.idiag_sport : m->id.idiag_dport,
					swap ? m->id.idiag_src : m->id.idiag_dst))
				continue;
			message->nlmsg_flags = 0;
			blocks_add(&r->queue, message, all.items[k].length);
		}
		blocks_done(&all);
	}
	if (!r->queue.count)
		queue_error(r, -ENOENT);
}

static void play(struct replay *r, size_t exchange, uint32_t sequence)
{
	const struct blocks *answers = &r->recording->items[exchange].answers;

	for (size_t i = 0; i < answers->count; i++)
		blocks_add(&r->queue, answers->items[i].bytes, answers->items[i].length);
	address_answers(r, sequence);
	if (r->change)
		r->change(r, exchange, r->times[exchange], &r->queue);
	r->times[exchange]++;
}

static int replay_send(struct transport *t, const void *message, size_t length)
{
	struct replay *r = (struct replay *)t;
	const struct nlmsghdr *head = message;

	blocks_done(&r->queue);
	r->next = 0;
	if (!(head->nlmsg_flags & NLM_F_DUMP)) {
		look_up(r, NLMSG_DATA(head));
		address_answers(r, head->nlmsg_seq);
		return 0;
	}
	for (size_t i = 0; i < r->recording->count; i++)
		if (same_request(r, &r->recording->items[i].request, message, length)) {
			play(r, i, head->nlmsg_seq);
			return 0;
		}
	r->unmatched++;
	return -EIO;
}

static ssize_t replay_receive(struct transport *t, void *buffer, size_t size)
{
	struct replay *r = (struct replay *)t;
	const struct block *b;
	size_t n;

	if (r->poisoned)
		ASAN_UNPOISON_MEMORY_REGION(r->poisoned, r->poisoned_size);
	r->poisoned = NULL;
	if (r->next == r->queue.count)
		return -EAGAIN;
	b = &r->queue.items[r->next++];
	if (b->claims < 0)
		return b->claims;
	/* Of a datagram that says more than there is the rest is noise, as far as there is room. */
	n = MIN(size, (size_t)b->claims);
	memset(buffer, 0xa5, n);
	memcpy(buffer, b->bytes, MIN(n, b->length));
	r->poisoned = (char *)buffer + n;
	r->poisoned_size = size - n;
	ASAN_POISON_MEMORY_REGION(r->poisoned, r->poisoned_size);
	return b->claims;
}

void replay_init(struct replay *replay, const struct recording *recording)
{
	*replay = (struct replay){
		.transport = {.send = replay_send, .receive = replay_receive, .port_id = PORT_ID},
		.recording = recording,
		.times = must(calloc(recording->count + 1, sizeof(*replay->times))),
	};
}

void replay_done(struct replay *replay)
{
	blocks_done(&replay->queue);
	free(replay->times);
	*replay = (struct replay){0};
}
