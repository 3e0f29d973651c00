/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Command lines of lsof(8) and fuser(1): what they ask for is read off their letters, and said in
 * the words of portscope. Nothing is done: a letter that means something else here must not be
 * guessed at, but whoever typed it gets the line to type.
 */
#include "cli/habits.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "cli/message.h"
#include "util/out.h"

/* What such a line asks for. */
struct habit {
	const char *tool;     /* lsof or fuser; NULL: no sign of either */
	char family;          /* 4 or 6; 0: either */
	const char *protocol; /* tcp or udp; NULL: both */
	const char *place;    /* a port, an address or both */
	const char *state;    /* LISTEN and the like */
	const char *process, *user, *pid;
	bool bare; /* only pids */
	bool kill;
};

/* What follows a letter in its cluster, or the next word. */
static const char *argument(const char *letter, char **next)
{
	if (letter[1])
		return letter + 1;
	return *next && **next != '-' ? *next : NULL;
}

/* lsof(8), option -i: [46][PROTOCOL][@HOST][:PORT] */
static bool read_place(struct habit *h, const char *text)
{
	const char *start = text;

	if (*text == '4' || *text == '6')
		h->family = *text++;
	if (!strncasecmp(text, "tcp", 3) || !strncasecmp(text, "udp", 3)) {
		h->protocol = tolower((unsigned char)*text) == 't' ? "tcp" : "udp";
		text += 3;
	}
	if (*text && *text != ':' && *text != '@') {
		h->family = 0;
		h->protocol = NULL;
		return false;
	}
	if (*text == '@' || (*text == ':' && text[1]))
		h->place = text + 1;
	return text != start || *text;
}

/* lsof(8), option -s: PROTOCOL:STATE */
static bool read_state(struct habit *h, const char *text)
{
	if (!text || (strncasecmp(text, "tcp:", 4) && strncasecmp(text, "udp:", 4)))
		return false;
	h->state = text + 4;
	return true;
}

/* One letter of a cluster; true if the rest of it is its argument. */
static bool read_letter(struct habit *h, const char *letter, char **next)
{
	const char *value = argument(letter, next);

	switch (*letter) {
	case 'i':
		if (value && read_place(h, value))
			h->tool = "lsof";
		return value;
	case 's':
		if (read_state(h, value))
			h->tool = "lsof";
		return value;
	case 'P':
		h->tool = "lsof";
		return false;
	case 'c':
		if (value)
			h->tool = "lsof";
		h->process = value;
		return value;
	case 'u':
		h->user = letter[1] ? NULL : value;
		return false;
	case 'p':
		h->pid = value && isdigit((unsigned char)*value) ? value : NULL;
		return h->pid;
	case 'k':
		h->kill = true;
		return false;
	case 't':
		h->bare = true;
		return false;
	default:
		return false;
	}
}

/* fuser(1): 80/tcp, or `-n tcp 80`, and -k to end what holds it. */
static void read_fuser(struct habit *h, char **words)
{
	for (char **word = words; !h->tool && *word; word++) {
		const char *slash = strchr(*word, '/');

		if (**word == '-' || !isdigit((unsigned char)**word))
			continue;
		h->place = *word;
		if (slash || (word != words && (!strcasecmp(word[-1], "tcp") ||
						       !strcasecmp(word[-1], "udp"))))
			h->protocol = slash ? NULL : word[-1];
		h->tool = "fuser";
	}
}

static void read_words(struct habit *h, char **words)
{
	for (char **word = words; *word; word++) {
		if (**word != '-' || (*word)[1] == '-')
			continue;
		for (const char *letter = *word + 1; *letter; letter++)
			if (read_letter(h, letter, word + 1))
				break;
	}
	if (h->kill)
		read_fuser(h, words);
}

/* The command that asks for the same. */
static void put_command(struct out *o, const struct habit *h)
{
	bool listening = h->state && !strncasecmp(h->state, "listen", 6);

	out_text(o, h->kill ? "kill $(portscope" : "portscope");
	if (h->bare || h->kill)
		out_text(o, " --pids");
	if (listening || h->protocol || h->family)
		out_text(o, " -");
	if (listening)
		out_char(o, 'l');
	else if ((h->protocol || h->family) && !h->place && !h->state)
		out_char(o, 'a');
	if (h->protocol)
		out_char(o, tolower((unsigned char)*h->protocol));
	if (h->family)
		out_char(o, h->family);
	if (!listening && h->state) {
		out_text(o, " state ");
		for (const char *at = h->state; *at; at++)
			out_char(o, tolower((unsigned char)*at));
	}
	/* Beside a state a port is no lone word any more. */
	if (h->place && !listening && h->state)
		out_format(o, " addr %s%s",
			isdigit((unsigned char)*h->place) && !strpbrk(h->place, ".:") ? ":" : "",
			h->place);
	else if (h->place)
		out_format(o, " %s", h->place);
	else if (h->process || h->user || h->pid)
		out_format(o, " %s %s",
			h->process ? "process"
			: h->user  ? "user"
				   : "pid",
			h->process ? h->process
			: h->user  ? h->user
				   : h->pid);
	else if (!listening && !h->protocol && !h->family && !h->state)
		out_text(o, " -a");
	if (h->kill)
		out_char(o, ')');
}

bool habits_answer(const struct options *options, int argc, char **argv)
{
	AUTO_OUT struct out typed = OUT_MEMORY, command = OUT_MEMORY;
	struct habit h = {0};

	if (options->command != options->commands[0])
		return false;
	read_words(&h, argv + 1);
	if (!h.tool)
		return false;
	for (int i = 1; i < argc; i++)
		out_format(&typed, " %s", argv[i]);
	put_command(&command, &h);
	if (!out_string(&typed) || !out_string(&command))
		return false;
	message("for %s%s, type: %s", h.tool, typed.buffer, command.buffer);
	return true;
}
