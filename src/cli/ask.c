/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the words of a listing to filters, in the order in which they are tried. */
#include "cli/ask.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/filter.h"
#include "cli/message.h"
#include "cli/place.h"
#include "cli/ports.h"
#include "util/out.h"

static const char as_service[] = "a service";

/* More words than these are an expression. */
#define WORDS_MAX 64

struct words {
	char *text; /* cut up */
	char *items[WORDS_MAX];
	size_t n;
};

static void words_done(struct words *w)
{
	free(w->text);
}

/* False where there are too many, or no memory. */
static bool split(const char *text, struct words *ret)
{
	char *rest = ret->text = strdup(text), *word;

	while (rest && (word = strsep(&rest, " \t\n,")))
		if (*word) {
			if (ret->n == WORDS_MAX)
				return false;
			ret->items[ret->n++] = word;
		}
	return ret->text;
}

static int add(struct ask *ask, const char *as, const char *format, ...) PRINTF_LIKE(3, 4);

static int add(struct ask *ask, const char *as, const char *format, ...)
{
	struct ask_reading *reading = &ask->readings[ask->n];
	va_list args;
	int r;

	va_start(args, format);
	r = vasprintf(&reading->filter, format, args);
	va_end(args);
	if (r < 0) {
		reading->filter = NULL;
		return -ENOMEM;
	}
	reading->as = as;
	ask->n++;
	return 0;
}

/* Whether a text is a filter. */
static bool is_filter(const char *text)
{
	struct portscope_filter *filter;
	AUTO_FREE char *wrong = NULL;

	if (portscope_filter_parse(text, &filter, &wrong) < 0)
		return false;
	portscope_filter_free(filter);
	return true;
}

static bool is_address(const char *word)
{
	char address[64];
	size_t length = strcspn(word, "/%");
	unsigned char bytes[16];

	if (*word == '[' && word[strlen(word) - 1] == ']')
		return true;
	if (length >= sizeof(address))
		return false;
	memcpy(address, word, length);
	address[length] = '\0';
	return inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1;
}

static bool is_protocol(const char *word)
{
	return !strcasecmp(word, "tcp") || !strcasecmp(word, "udp");
}

static unsigned protocol_bit(const char *protocol)
{
	return !protocol                                  ? 0
	       : tolower((unsigned char)*protocol) == 't' ? PORTSCOPE_TCP
							  : PORTSCOPE_UDP;
}

/* Places on their way to a filter. */
struct places {
	struct out expression; /* of all of them */
	struct out ports;      /* those that are nothing but a port, as a list */
	bool only_ports;
	unsigned protocols; /* of the ports; ~0: they differ */
	size_t n;
};

static void put(struct places *p, const char *protocol, const char *format, ...) PRINTF_LIKE(3, 4);

/* Adds a condition as a choice. */
static void put(struct places *p, const char *protocol, const char *format, ...)
{
	AUTO_FREE char *condition = NULL;
	unsigned bit = protocol_bit(protocol);
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&condition, format, args);
	va_end(args);
	if (length < 0) {
		condition = NULL;
		p->expression.error = -ENOMEM;
		return;
	}
	out_text(&p->expression, p->n ? " or " : "");
	if (protocol)
		out_format(&p->expression, "(protocol = %s and %s)",
			bit == PORTSCOPE_TCP ? "tcp" : "udp", condition);
	else
		out_text(&p->expression, condition);
	p->protocols = !p->n || p->protocols == bit ? bit : ~0u;
	p->n++;
}

static void put_place(struct places *p, const struct place *place, const char *protocol)
{
	bool brackets = place->address && strchr(place->address, ':');

	out_format(&p->ports, "%s%s", p->n ? "," : "", place->port);
	p->only_ports = p->only_ports && !place->address;
	if (!place->address)
		put(p, protocol, "sport = :%s", place->port);
	else
		put(p, protocol, "addr %s%s%s:%s", brackets ? "[" : "", place->address,
			brackets ? "]" : "", place->port);
}

/* One word; false if it is not the place of a socket. */
static bool take_place(struct places *p, const char *word, const char *protocol)
{
	struct place place;

	if (is_address(word)) {
		put(p, protocol, "addr %s", word);
		p->only_ports = false;
		return true;
	}
	if (!place_parse(word, &place) || !place.port || (place.protocol && protocol))
		return false;
	if (place.protocol && !is_protocol(place.protocol))
		return false;
	/* A name with neither protocol nor address nor colon may be a word of the language. */
	if (!ports_are_numeric(place.port) && !place.protocol && !protocol && !place.address &&
		*word != ':' && *word != '*')
		return false;
	put_place(p, &place, place.protocol ? place.protocol : protocol);
	return true;
}

static void places_done(struct places *p)
{
	out_done(&p->expression);
	out_done(&p->ports);
}

/* Ports of one protocol are the lone ports of a list, for which there is more to say. */
static int add_places(struct ask *ask, struct places *p)
{
	bool one = p->only_ports && p->protocols != ~0u;
	struct out *o = one ? &p->ports : &p->expression;

	if (!out_string(o))
		return -ENOMEM;
	ask->kind = one ? ASK_PORT : ASK_PLACE;
	ask->protocols = one ? p->protocols : 0;
	return add(ask, NULL, "%s", o->buffer);
}

/* Words that are all ports or addresses, `tcp 80` among them: 1, else 0. */
static int read_places(struct ask *ask, const struct words *words)
{
	CLEANUP(places_done)
	struct places p = {.expression = OUT_MEMORY, .ports = OUT_MEMORY, .only_ports = true};
	const char *last = words->items[words->n - 1];
	const char *protocol = words->n == 2 && is_protocol(last) ? last : NULL;
	int r;

	for (size_t i = 0; i < words->n; i++) {
		if (is_protocol(words->items[i]) && words->n > 1)
			protocol = words->items[i];
		else if (!take_place(&p, words->items[i], protocol))
			return 0;
	}
	if (!p.n)
		return 0;
	r = add_places(ask, &p);
	return r < 0 ? r : 1;
}

/* What a name is made of; it can stand in a filter without quotes. */
static bool is_name(const char *word)
{
	if (!isalpha((unsigned char)*word))
		return false;
	for (; *word; word++)
		if (!isalnum((unsigned char)*word) && !strchr("_.+@-", *word))
			return false;
	return true;
}

/* A word by itself, in the order of the manual. `port`: it is the name of a port, too. */
static int read_name(struct ask *ask, const char *name, bool port)
{
	AUTO_FREE char *state = NULL;
	int r = 0;

	ask->kind = ASK_NAME;
	if (asprintf(&state, "state %s", name) < 0)
		return -ENOMEM;
	if (is_protocol(name))
		r = add(ask, "a protocol", "protocol = %s", name);
	else if (is_filter(state))
		r = add(ask, "a state", "%s", state);
	if (r < 0)
		return r;
	ask->readings[ask->n].listening = true;
	if (port)
		r = add(ask, as_service, "sport = :%s or (service = %s and direction != outbound)",
			name, name);
	else
		r = add(ask, as_service, "service = %s and direction != outbound", name);
	if (r >= 0)
		r = add(ask, "a process", "process = %s", name);
	if (r >= 0)
		r = add(ask, "a unit", "unit = %s", name);
	if (r >= 0 && port) {
		ask->readings[ask->n].peer = true;
		r = add(ask, "a service elsewhere", "dport = :%s", name);
	}
	return r;
}

/* `pid N` and its like: a word of the language and what it is compared with. */
static bool is_holder(const struct words *words)
{
	static const uint16_t holders[] = {PORTSCOPE_FIELD_PID, PORTSCOPE_FIELD_PROCESS,
		PORTSCOPE_FIELD_UNIT, PORTSCOPE_FIELD_USER, PORTSCOPE_FIELD_CONTAINER};

	for (size_t i = 0; words->n == 2 && i < ARRAY_SIZE(holders); i++)
		if (!strcmp(words->items[0], portscope_field_at(holders[i])->name))
			return !strpbrk(words->items[1], "=!<>~");
	return false;
}

/* A filter as it stands. */
static int read_filter(struct ask *ask, const struct words *words, bool lone)
{
	if (lone && words->n == 1 && is_name(words->items[0]))
		return read_name(ask, words->items[0], true);
	ask->kind = lone ? ASK_PORT : is_holder(words) ? ASK_HOLDER : ASK_FILTER;
	return add(ask, NULL, "%s", ask->text);
}

static bool is_command(const struct options *o, const char *word)
{
	for (const struct command *const *c = o->commands; *c; c++)
		if (!strcmp((*c)->name, word))
			return true;
	return false;
}

/* What a name may have been meant for, as the end of a sentence; NULL: nothing is like it. */
static char *similar_to(const char *name, const char *wrong)
{
	const char *service = strstr(wrong, "did you mean the service ");
	AUTO_FREE char *host = NULL, *hint = NULL;

	if (service)
		return strndup(service, strcspn(service, "\n"));
	if (asprintf(&host, "addr %s", name) < 0)
		return NULL;
	if (!is_filter(host) || asprintf(&hint, "did you mean src %s or dst %s?", name, name) < 0)
		return NULL;
	return STEAL(hint);
}

/* Words that are not a filter; `wrong` says why. 1 where they were understood, else 0. */
static int read_words(
	const struct options *o, struct ask *ask, const struct words *words, const char *wrong)
{
	const char *name = words->items[0];
	int r = read_places(ask, words);

	if (r)
		return r;
	if (words->n != 1 || !is_name(name) || portscope_filter_is_word(name) ||
		is_command(o, name))
		return 0;
	r = read_name(ask, name, false);
	if (r < 0)
		return r;
	if (!strcmp(ask->readings[0].as, as_service))
		ask->similar = similar_to(name, wrong);
	return 1;
}

static int understand(const struct options *o, struct ask *ask)
{
	CLEANUP(words_done) struct words words = {0};
	AUTO_FREE char *wrong = NULL;
	struct portscope_filter *filter;
	bool lone = false, is_words = split(ask->text, &words) && words.n;
	int r = portscope_filter_parse(ask->text, &filter, &wrong);

	if (r >= 0) {
		lone = portscope_filter_is_lone(filter);
		portscope_filter_free(filter);
		return read_filter(ask, &words, lone);
	}
	if (r == -EINVAL && is_words && !o->filter_file) {
		r = read_words(o, ask, &words, wrong);
		if (r)
			return MIN(r, 0);
		r = -EINVAL;
	}
	if (r == -EINVAL)
		return cli_filter_refuse(o, wrong);
	return r;
}

int ask_read(const struct options *o, struct ask *ask)
{
	int r;

	if (!o->n_words && !o->filter_file) {
		ask->n = 1;
		return 0;
	}
	r = cli_filter_text(o, &ask->text);
	if (!r)
		r = understand(o, ask);
	if (r < 0)
		message("cannot read the filter: %s", strerror(-r));
	return r < 0 ? STATUS_FAILED : r;
}

void ask_done(struct ask *ask)
{
	for (size_t i = 0; i < ask->n; i++)
		free(ask->readings[i].filter);
	free(ask->text);
	free(ask->similar);
}

void ask_say_nothing(const struct ask *ask, bool listening)
{
	const char *what = ask->kind == ASK_PORT ? "port " : "";

	if (ask->kind == ASK_NAME && strcmp(ask->readings[0].as, as_service) != 0)
		message("no socket here matches: %s", ask->readings[0].filter);
	else if (ask->kind == ASK_NAME)
		message("no service, process or unit called '%s' has a %ssocket here%s%s",
			ask->text, listening ? "listening " : "", ask->similar ? "; " : "",
			ask->similar ? ask->similar : "");
	else if (ask->kind == ASK_HOLDER)
		message("%s has no %ssocket here", ask->text, listening ? "listening " : "");
	else if (ask->kind != ASK_FILTER && listening)
		message("nothing listens on %s%s", what, ask->text);
	else if (ask->kind != ASK_FILTER)
		message("no socket uses %s%s, locally or at the other end", what, ask->text);
}
